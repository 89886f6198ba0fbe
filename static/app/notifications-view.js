import { h, icon, iconButton, reconcile, uniqueId } from './dom.js';
import { fully, short } from './format.js';
import { filled, gettext, ngettext } from './i18n.js';

/** The bell, and what it rang for. `nameOf(conversationId)` says with whom; `onOpen(conversationId)` goes there. */
export class NotificationsView {
  #notifications;

  constructor(notifications, { nameOf, onOpen }) {
    this.#notifications = notifications;
    this.nameOf = nameOf;
    this.onOpen = onOpen;
    const id = uniqueId('notifications');
    this.bell = iconButton('bell', gettext('Notifications'), () => this.#toggle(), {
      'aria-expanded': 'false',
      'aria-controls': id,
    });
    this.count = h('span', { class: 'badge', hidden: true });
    this.bell.append(this.count);
    this.lines = h('ul', { class: 'notifications' });
    this.empty = h('p', { class: 'empty' }, gettext('Nothing yet.'));
    this.more = h(
      'button',
      { type: 'button', class: 'button secondary', onclick: () => void notifications.loadMore() },
      gettext('Show more'),
    );
    this.panel = h(
      'section',
      { class: 'popover', id, hidden: true, 'aria-label': gettext('Notifications'), tabindex: -1 },
      h(
        'header',
        {},
        h('h2', {}, gettext('Notifications')),
        h(
          'button',
          { type: 'button', class: 'link', onclick: () => void notifications.readAll() },
          gettext('Mark all as read'),
        ),
      ),
      this.lines,
      this.empty,
      this.more,
    );
    this.element = h('div', { class: 'bell' }, this.bell, this.panel);
    this.element.addEventListener('keydown', (event) => event.key === 'Escape' && this.#close());
    document.addEventListener('click', (event) => this.element.contains(event.target) || this.#hide());
    notifications.subscribe(() => this.#show());
    this.#show();
  }

  #toggle() {
    const isOpen = this.panel.hidden;
    this.panel.hidden = !isOpen;
    this.bell.setAttribute('aria-expanded', String(isOpen));
    if (isOpen) this.panel.focus();
  }

  #hide() {
    this.panel.hidden = true;
    this.bell.setAttribute('aria-expanded', 'false');
  }

  #close() {
    this.#hide();
    this.bell.focus();
  }

  #show() {
    const { unread, notifications, hasMore } = this.#notifications.getSnapshot();
    this.count.hidden = !unread;
    this.count.textContent = unread > 99 ? '99+' : String(unread);
    const label = unread
      ? filled(ngettext('Notifications, %(n)s unread', 'Notifications, %(n)s unread', unread), { n: unread })
      : gettext('Notifications');
    this.bell.setAttribute('aria-label', label);
    const rows = notifications.map((one) => ({ key: one.id, one, name: this.nameOf(one.conversation_id) }));
    reconcile(this.lines, rows, (row) => this.#line(row));
    this.empty.hidden = rows.length > 0;
    this.more.hidden = !hasMore;
  }

  #line({ one, name }) {
    const open = () => {
      this.#hide();
      void this.#notifications.read(one.id);
      if (one.conversation_id) this.onOpen(one.conversation_id);
    };
    return h(
      'li',
      {},
      h(
        'button',
        { type: 'button', class: one.read_at ? 'notification' : 'notification unread', onclick: open },
        icon('message-circle'),
        h('span', {}, h('strong', {}, name ?? one.title), h('span', { class: 'notification-body' }, one.body)),
        h('time', { datetime: one.created_at, title: fully(one.created_at) }, short(one.created_at)),
      ),
    );
  }
}
