import { deadline } from './deadline.js';
import { fill, h, icon, reconcile, uniqueId } from './dom.js';
import { short } from './format.js';
import { filled, gettext, ngettext } from './i18n.js';
import { avatar } from './people.js';

const PAUSE = 250;

const FILTERS = [
  { name: () => gettext('All'), filter: {} },
  { name: () => gettext('My turn'), filter: { awaiting: true } },
  { name: () => gettext('Unread'), filter: { unread: true } },
  { name: () => gettext('Direct'), filter: { type: 'direct' } },
  { name: () => gettext('Bids'), filter: { type: 'bid' } },
  { name: () => gettext('Campaigns'), filter: { type: 'campaign' } },
];

/** The conversations, newest activity first, with filters and search. */
export class ListView {
  #list;
  #me;
  #open = null;
  #chosen = FILTERS[0];
  #words = '';
  #timer = null;

  /** `onOpen(id)` is called for a line that is chosen. */
  constructor(list, { me, onOpen }) {
    this.#list = list;
    this.#me = me;
    this.onOpen = onOpen;
    const id = uniqueId('search');
    this.search = h('input', {
      class: 'input',
      id,
      type: 'search',
      placeholder: gettext('Search'),
      autocomplete: 'off',
      oninput: () => this.#searched(),
    });
    this.filters = h('div', { class: 'filters', role: 'group', 'aria-label': gettext('Show') });
    this.lines = h('ul', { class: 'lines' });
    this.empty = h('p', { class: 'empty', hidden: true });
    this.more = h(
      'button',
      { type: 'button', class: 'button secondary', hidden: true, onclick: () => void list.loadMore() },
      gettext('Show more'),
    );
    this.element = h(
      'div',
      { class: 'list' },
      h(
        'div',
        { class: 'search' },
        h('label', { class: 'visually-hidden', for: id }, gettext('Search conversations')),
        icon('search'),
        this.search,
      ),
      this.filters,
      h('nav', { class: 'lines-frame', 'aria-label': gettext('Conversations') }, this.lines, this.empty, this.more),
    );
    this.#showFilters();
    list.subscribe(() => this.#show());
    this.#show();
  }

  /** Mark the conversation that is open. */
  select(id) {
    this.#open = id;
    this.#show();
  }

  #searched() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#words = this.search.value.trim();
      this.#ask();
    }, PAUSE);
  }

  #ask() {
    void this.#list.show({ ...this.#chosen.filter, search: this.#words });
  }

  #showFilters() {
    fill(
      this.filters,
      FILTERS.map((one) =>
        h(
          'button',
          {
            type: 'button',
            class: 'filter',
            'aria-pressed': String(one === this.#chosen),
            onclick: () => {
              this.#chosen = one;
              this.#showFilters();
              this.#ask();
            },
          },
          one.name(),
        ),
      ),
    );
  }

  #show() {
    const { phase, conversations, hasMore } = this.#list.getSnapshot();
    const rows = conversations.map((conversation) => ({
      key: conversation.id,
      conversation,
      isOpen: conversation.id === this.#open,
    }));
    reconcile(this.lines, rows, (row, before) => this.#line(row, before));
    this.empty.hidden = phase !== 'ready' || rows.length > 0;
    this.empty.textContent =
      this.#words || this.#chosen !== FILTERS[0]
        ? gettext('Nothing here matches.')
        : gettext('No conversations yet. Begin one with “New conversation” below.');
    this.more.hidden = !hasMore;
  }

  /** The link itself stays as long as its conversation is listed, so that no click and no focus gets lost. */
  #line({ conversation, isOpen }, before) {
    const line = before?.element ?? this.#link(conversation.id);
    const link = line.firstElementChild;
    link.classList.toggle('unread', conversation.unread_count > 0);
    if (isOpen) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
    const other = conversation.other_user;
    fill(link, avatar(other, { online: other?.online }), this.#text(conversation));
    return line;
  }

  #link(id) {
    const open = (event) => {
      if (event.metaKey || event.ctrlKey) return;
      event.preventDefault();
      this.onOpen(id);
    };
    return h('li', {}, h('a', { class: 'line', href: `/chat/${id}`, onclick: open }));
  }

  #text(conversation) {
    const { other_user: other, title, updated_at: at, unread_count: unread } = conversation;
    const label = filled(ngettext('%(n)s unread message', '%(n)s unread messages', unread), { n: unread });
    const badge = h(
      'span',
      { class: 'badge' },
      h('span', { 'aria-hidden': 'true' }, unread > 99 ? '99+' : String(unread)),
      h('span', { class: 'visually-hidden' }, label),
    );
    return h(
      'span',
      { class: 'line-text' },
      h('span', { class: 'line-head' }, h('strong', {}, other?.name ?? title), h('time', { datetime: at }, short(at))),
      title ? h('span', { class: 'line-title' }, title) : null,
      h(
        'span',
        { class: 'line-last' },
        h('span', { class: 'line-preview' }, this.#preview(conversation)),
        unread ? badge : null,
      ),
      this.#state(conversation),
    );
  }

  #preview({ last_message: last }) {
    if (!last) return gettext('No messages yet');
    if (last.deleted_at) return gettext('Message deleted');
    const words = last.message.split('\n', 1)[0] || (last.attachments.length ? gettext('Attachment') : '');
    return last.sender_id === this.#me && last.message_type === 'user_input'
      ? filled(gettext('You: %(words)s'), { words })
      : words;
  }

  #state(conversation) {
    if (!conversation.stage) return null;
    const isMine = conversation.awaiting_role === conversation.my_role;
    return h(
      'span',
      { class: 'line-state' },
      h('span', { class: isMine ? 'tag mine' : 'tag' }, isMine ? gettext('Your turn') : conversation.stage.label),
      isMine ? h('span', { class: 'tag' }, conversation.stage.label) : null,
      deadline(conversation.due_at),
    );
  }
}
