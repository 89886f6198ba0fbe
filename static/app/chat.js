/** The chat page: the list on one side, a conversation on the other. */

import { ConnectionLine } from './connection.js';
import { ConversationView } from './conversation-view.js';
import { dialog } from './dialog.js';
import { fill, h, icon, iconButton } from './dom.js';
import { gettext } from './i18n.js';
import { ListView } from './list-view.js';
import { NotificationsView } from './notifications-view.js';
import { acquaintances, openingForm } from './opening.js';
import { avatar } from './people.js';
import { siteClient, toSignIn } from './session.js';
import { themeSwitch } from './theme-switch.js';

class ChatPage {
  #client;
  #place;
  #view = null;

  constructor(client, place) {
    this.#client = client;
    this.#place = place;
    const { user } = client.session;
    const list = client.conversationList();
    const nameOf = (id) => list.getSnapshot().conversations.find((one) => one.id === id)?.other_user?.name;
    this.list = new ListView(list, { me: user.id, onOpen: (id) => this.go(id) });
    this.bell = new NotificationsView(client.notifications, { nameOf, onOpen: (id) => this.go(id) });
    this.connection = new ConnectionLine();
    this.main = h('main', { id: 'main', class: 'chat-main', tabindex: -1 });
    fill(
      place,
      h(
        'aside',
        { class: 'sidebar', 'aria-label': gettext('Your conversations') },
        h(
          'header',
          { class: 'sidebar-header' },
          avatar(user),
          h('h1', {}, user.name),
          this.bell.element,
          themeSwitch(),
          iconButton('log-out', gettext('Sign out'), () => void this.#signOut()),
        ),
        this.connection.element,
        this.list.element,
        h(
          'button',
          { type: 'button', class: 'button secondary new', onclick: () => void this.#begin() },
          icon('plus'),
          gettext('New conversation'),
        ),
      ),
      this.main,
    );
    client.notifications.subscribe(({ unread }) => this.#title(unread));
    client.subscribe(() => this.#showConnection());
    addEventListener('popstate', () => this.show());
    void list.reload();
    client.connect();
    this.show();
  }

  /** Open a conversation, with an address of its own. */
  go(id) {
    history.pushState(null, '', id ? `/chat/${id}` : '/chat');
    this.show();
    if (id && matchMedia('(hover: hover)').matches) this.#view.focus();
  }

  /** Show what the address names. */
  show() {
    const id = location.pathname.split('/')[2] ?? '';
    this.#view?.dispose();
    this.#view = id ? new ConversationView(this.#client, id, { onBack: () => this.go('') }) : null;
    this.#place.classList.toggle('reading', Boolean(id));
    this.list.select(id);
    // On narrow screens the list, and its heading with it, is away meanwhile.
    const heading = h('h1', { class: 'visually-hidden' }, gettext('Conversations'));
    fill(this.main, heading, this.#view?.element ?? nothing());
    this.#view?.open();
    this.#showConnection();
  }

  /** An open conversation says it by itself. */
  #showConnection() {
    this.connection.show(this.#view ? 'online' : this.#client.getSnapshot().status);
  }

  #title(unread) {
    document.title = `${unread ? `(${unread}) ` : ''}${gettext('Conversations')} · Stoory`;
  }

  async #begin() {
    const known = await acquaintances(this.#client);
    const id = await dialog(gettext('New conversation'), (close) => openingForm(this.#client, known, close));
    if (id) this.go(id);
  }

  async #signOut() {
    await this.#client.signOut().catch(() => {});
    toSignIn();
  }
}

function nothing() {
  return h(
    'div',
    { class: 'nothing' },
    icon('message-circle'),
    h('h2', {}, gettext('Choose a conversation')),
    h('p', {}, gettext('Everything that needs you is on the left, the newest first.')),
  );
}

const client = siteClient();
if (client) new ChatPage(client, document.getElementById('chat'));
