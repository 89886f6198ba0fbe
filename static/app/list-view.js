import { deadline } from './deadline.js';
import { byId, draw, html, icon, made, nothing, onceAtATime, repeat, uniqueId } from './html.js';
import { short } from './format.js';
import { filled, gettext, ngettext } from './i18n.js';
import { failed, loadState } from './loading.js';
import { summary } from './media/summary.js';
import { avatar } from './people.js';
import { PresentLines } from './present-lines.js';
import { onNewDay } from './today.js';

const PAUSE = 250;

const FILTERS = [
  { name: () => gettext('All'), filter: {} },
  { name: () => gettext('My turn'), filter: { awaiting: true } },
  { name: () => gettext('Unread'), filter: { unread: true } },
  { name: () => gettext('Direct'), filter: { type: 'direct' } },
  { name: () => gettext('Bids'), filter: { type: 'bid' } },
  { name: () => gettext('Campaigns'), filter: { type: 'campaign' } },
];

/** The conversation list, newest activity first, with filters and a search. */
export class ListView {
  #list;
  #me;
  #open = null;
  #chosen = FILTERS[0];
  #words = '';
  #timer = null;
  #present;
  #moreFault = null;
  #id = uniqueId('search');
  element = made(html`<div class="list"></div>`);

  /** `onOpen(id)` is called when the user chooses a conversation. */
  constructor(list, { me, onOpen }) {
    this.#list = list;
    this.#me = me;
    this.onOpen = onOpen;
    this.#present = new PresentLines(list);
    list.subscribe(() => this.#show());
    onNewDay(() => this.#show());
    this.#show();
  }

  /** Highlight the open conversation. */
  select(id) {
    this.#open = id;
    this.#show();
  }

  #searched(words) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#words = words.trim();
      this.#ask();
    }, PAUSE);
  }

  #ask() {
    this.#moreFault = null;
    void this.#list.show({ ...this.#chosen.filter, search: this.#words });
  }

  #show() {
    const state = this.#list.getSnapshot();
    const { phase, conversations } = state;
    const isEmpty = phase === 'ready' && !conversations.length;
    draw(
      this.element,
      html`<div class="search">
          <label class="visually-hidden" for=${this.#id}>${gettext('Search conversations')}</label>
          ${icon('search')}
          <input
            class="input"
            id=${this.#id}
            type="search"
            maxlength="100"
            placeholder=${gettext('Search')}
            autocomplete="off"
            @input=${({ currentTarget }) => this.#searched(currentTarget.value)}
          />
        </div>
        <div class="filters" role="group" aria-label=${gettext('Show')}>${FILTERS.map((one) => this.#filter(one))}</div>
        <nav class="lines-frame" aria-label=${gettext('Conversations')}>
          ${loadState(state, () => this.#list.reload())}
          <ul class="lines">
            ${repeat(conversations, byId, (one) => this.#line(one))}
          </ul>
          <p class="empty" ?hidden=${!isEmpty}>${this.#emptiness}</p>
          ${state.hasMore ? this.#more : nothing}
        </nav>`,
    );
    this.#present.watch(this.element.querySelectorAll('[data-id]'));
  }

  get #more() {
    if (this.#moreFault) return failed(this.#moreFault, () => this.#loadMore());
    const load = ({ currentTarget }) => void onceAtATime(currentTarget, () => this.#loadMore());
    return html`<button type="button" class="button secondary" @click=${load}>${gettext('Show more')}</button>`;
  }

  async #loadMore() {
    this.#moreFault = await this.#list.loadMore().then(
      () => null,
      (fault) => fault,
    );
    this.#show();
  }

  get #emptiness() {
    return this.#words || this.#chosen !== FILTERS[0]
      ? gettext('No conversations match.')
      : gettext('No conversations yet. Start one with “New conversation” below.');
  }

  #filter(one) {
    const choose = () => {
      this.#chosen = one;
      this.#show();
      this.#ask();
    };
    const isChosen = one === this.#chosen;
    return html`<button type="button" class="filter" aria-pressed=${isChosen} @click=${choose}>${one.name()}</button>`;
  }

  #line(conversation) {
    const { id, other_user: other, title, updated_at: at, unread_count: unread } = conversation;
    const open = (event) => {
      if (event.metaKey || event.ctrlKey) return;
      event.preventDefault();
      this.onOpen(id);
    };
    return html`<li data-id=${id}>
      <a
        class=${unread ? 'line unread' : 'line'}
        href="/chat/${id}"
        aria-current=${id === this.#open ? 'page' : nothing}
        @click=${open}
      >
        ${avatar(other, { online: other?.online })}
        <span class="line-text">
          <span class="line-head">
            <strong><bdi>${other?.name ?? title}</bdi></strong>
            <time datetime=${at}>${short(at)}</time>
          </span>
          ${title ? html`<span class="line-title"><bdi>${title}</bdi></span>` : nothing}
          <span class="line-last">
            <span class="line-preview">${this.#preview(conversation)}</span>
            ${unread ? badge(unread) : nothing}
          </span>
          ${state(conversation)}
        </span>
      </a>
    </li>`;
  }

  #preview({ last_message: last }) {
    if (!last) return gettext('No messages yet');
    if (last.deleted_at) return gettext('Message deleted');
    const words = summary(last);
    return last.sender_id === this.#me && last.message_type === 'user_input'
      ? filled(gettext('You: %(words)s'), { words })
      : words;
  }
}

function badge(unread) {
  const label = filled(ngettext('%(n)s unread message', '%(n)s unread messages', unread), { n: unread });
  return html`<span class="badge">
    <span aria-hidden="true">${unread > 99 ? '99+' : unread}</span>
    <span class="visually-hidden">${label}</span>
  </span>`;
}

function state(conversation) {
  if (!conversation.stage) return nothing;
  const isMine = conversation.awaiting_role === conversation.my_role;
  return html`<span class="line-state">
    ${isMine ? html`<span class="tag mine">${gettext('Your turn')}</span>` : nothing}
    <span class="tag">${conversation.stage.label}</span>
    ${deadline(conversation.due_at)}
  </span>`;
}
