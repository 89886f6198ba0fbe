import { byId, draw, html, icon, made, nothing, onceAtATime, repeat, uniqueId } from './html.js';
import { fully, short } from './format.js';
import { filled, gettext, ngettext } from './i18n.js';
import { failed, loadState } from './loading.js';
import { onNewDay } from './today.js';

/**
 * The bell with its list of notifications. `nameOf(conversationId)` returns the name of the other participant;
 * `onOpen(conversationId)` opens the conversation.
 */
export class NotificationsView {
  #notifications;
  #isOpen = false;
  #fault = null;
  #again = null;
  #id = uniqueId('notifications');
  element = made(html`<div class="bell" @keydown=${({ key }) => key === 'Escape' && this.#close()}></div>`);

  constructor(notifications, { nameOf, onOpen }) {
    this.#notifications = notifications;
    this.nameOf = nameOf;
    this.onOpen = onOpen;
    // The path, because a button that disappears when it is clicked is no longer in the element.
    document.addEventListener('click', (event) => event.composedPath().includes(this.element) || this.#show(false));
    notifications.subscribe(() => this.#show());
    onNewDay(() => this.#show());
    this.#show();
  }

  #toggle() {
    this.#show(!this.#isOpen);
    if (this.#isOpen) this.element.querySelector('.popover').focus();
  }

  #close() {
    this.#show(false);
    this.element.querySelector('button').focus();
  }

  #show(isOpen = this.#isOpen) {
    this.#isOpen = isOpen;
    const state = this.#notifications.getSnapshot();
    const { phase, unread, notifications, hasMore } = state;
    const label = unread
      ? filled(ngettext('Notifications, %(n)s unread', 'Notifications, %(n)s unread', unread), { n: unread })
      : gettext('Notifications');
    draw(
      this.element,
      html`<button
          type="button"
          class="icon-button"
          aria-label=${label}
          title=${gettext('Notifications')}
          aria-expanded=${isOpen}
          aria-controls=${this.#id}
          @click=${() => this.#toggle()}
        >
          ${icon('bell')}
          <span class="badge" ?hidden=${!unread}>${unread > 99 ? '99+' : unread}</span>
        </button>
        <section class="popover" id=${this.#id} ?hidden=${!isOpen} aria-label=${gettext('Notifications')} tabindex="-1">
          <header>
            <h2>${gettext('Notifications')}</h2>
            <button
              type="button"
              class="link"
              @click=${({ currentTarget }) => void onceAtATime(currentTarget, () => this.#readAll())}
            >
              ${gettext('Mark all as read')}
            </button>
          </header>
          ${this.#fault ? failed(this.#fault, this.#again) : nothing}
          ${loadState(state, () => this.#notifications.reload())}
          <ul class="notifications">
            ${repeat(notifications, byId, (one) => this.#line(one))}
          </ul>
          <p class="empty" ?hidden=${phase !== 'ready' || notifications.length > 0}>${gettext('Nothing yet.')}</p>
          <button
            type="button"
            class="button secondary"
            ?hidden=${!hasMore}
            @click=${({ currentTarget }) => void onceAtATime(currentTarget, () => this.#loadMore())}
          >
            ${gettext('Show more')}
          </button>
        </section>`,
    );
  }

  #readAll() {
    return this.#attempt(() => this.#notifications.readAll());
  }

  #loadMore() {
    return this.#attempt(() => this.#notifications.loadMore());
  }

  /** Do something; show an error with a button that does it again. */
  async #attempt(work) {
    this.#again = () => this.#attempt(work);
    this.#fault = null;
    this.#show();
    this.#fault = await work().then(
      () => null,
      (fault) => fault,
    );
    this.#show();
  }

  #line({ id, conversation_id: conversation, title, body, created_at: at, read_at: readAt }) {
    const open = () => {
      this.#show(false);
      void this.#notifications.read(id);
      if (conversation) this.onOpen(conversation);
    };
    return html`<li>
      <button type="button" class=${readAt ? 'notification' : 'notification unread'} @click=${open}>
        ${icon('message-circle')}
        <span
          ><strong><bdi>${this.nameOf(conversation) ?? title}</bdi></strong
          ><span class="notification-body">${body}</span></span
        >
        <time datetime=${at} title=${fully(at)}>${short(at)}</time>
      </button>
    </li>`;
  }
}
