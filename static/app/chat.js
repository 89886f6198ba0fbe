/** The chat page: the list on one side, a conversation on the other. */

import { accountButton } from './account.js';
import { ConnectionLine } from './connection.js';
import { ConversationView } from './conversation-view.js';
import { dialog } from './dialog.js';
import { fill, h, icon, iconButton } from './dom.js';
import { gettext } from './i18n.js';
import { ListView } from './list-view.js';
import { NotificationsView } from './notifications-view.js';
import { openingForm } from './opening.js';
import { PersonField } from './person-field.js';
import { siteClient, toSignIn } from './session.js';
import { themeSwitch } from './theme-switch.js';

class ChatPage {
  #client;
  #root;
  #view = null;

  constructor(client, root) {
    this.#client = client;
    this.#root = root;
    const { user } = client.session;
    const list = client.conversationList();
    const nameOf = (id) => list.getSnapshot().conversations.find((one) => one.id === id)?.other_user?.name;
    this.list = new ListView(list, { me: user.id, onOpen: (id) => this.go(id) });
    this.bell = new NotificationsView(client.notifications, { nameOf, onOpen: (id) => this.go(id) });
    this.connection = new ConnectionLine();
    this.nothing = new Nothing(list);
    this.main = h('main', { id: 'main', class: 'chat-main', tabindex: -1 });
    fill(
      root,
      h(
        'aside',
        { class: 'sidebar', 'aria-label': gettext('Your conversations') },
        h(
          'header',
          { class: 'sidebar-header' },
          h('h1', {}, accountButton(client)),
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
    this.#root.classList.toggle('reading', Boolean(id));
    this.list.select(id);
    // On narrow screens the list, and its heading with it, is away meanwhile.
    const heading = h('h1', { class: 'visually-hidden' }, gettext('Conversations'));
    fill(this.main, heading, this.#view?.element ?? this.nothing.element);
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
    const person = new PersonField(this.#client);
    const id = await dialog(gettext('New conversation'), (close) => openingForm(this.#client, person, close));
    person.dispose();
    if (id) this.go(id);
  }

  async #signOut() {
    await this.#client.signOut().catch(() => {});
    toSignIn();
  }
}

/** What stands in a conversation's place while none is open: where to go from here. */
class Nothing {
  element = h('div', { class: 'nothing' });
  #list;

  constructor(list) {
    this.#list = list;
    this.#show(false);
    list.subscribe(() => this.#look());
  }

  #look() {
    const { phase, filter, conversations } = this.#list.getSnapshot();
    // What a filter leaves out is there all the same.
    if (phase === 'ready' && !Object.values(filter).some(Boolean)) this.#show(conversations.length === 0);
  }

  #show(isFirst) {
    const [title, words] = isFirst
      ? [
          gettext('Your first conversation'),
          gettext('“New conversation” finds somebody by name, and you write to them.'),
        ]
      : [gettext('Choose a conversation'), gettext('Everything that needs you is in the list, the newest first.')];
    fill(this.element, icon('message-circle'), h('h2', {}, title), h('p', {}, words));
  }
}

const client = siteClient();
if (client) new ChatPage(client, document.getElementById('chat'));
