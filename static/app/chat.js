/** The chat page: the conversation list on the left, one conversation on the right. */

import { accountButton } from './account.js';
import { connectionLine } from './connection.js';
import { ConversationView } from './conversation-view.js';
import { dialog } from './dialog.js';
import { removeDrafts } from './drafts.js';
import { draw, html, icon, iconButton } from './html.js';
import { gettext } from './i18n.js';
import { ListView } from './list-view.js';
import { forgetAll } from './media/kept-uploads.js';
import { NotificationsView } from './notifications-view.js';
import { openingForm } from './opening.js';
import { PersonField } from './person-field.js';
import { siteClient, toSignIn } from './session.js';
import { themeSwitch } from './theme-switch.js';

class ChatPage {
  #client;
  #root;
  #view = null;
  #isFirst = false;

  constructor(client, root) {
    this.#client = client;
    this.#root = root;
    const { user } = client.session;
    const list = client.conversationList();
    const nameOf = (id) => list.getSnapshot().conversations.find((one) => one.id === id)?.other_user?.name;
    this.account = accountButton(client);
    this.list = new ListView(list, { me: user.id, onOpen: (id) => this.go(id) });
    this.bell = new NotificationsView(client.notifications, { nameOf, onOpen: (id) => this.go(id) });
    client.notifications.subscribe(({ unread }) => this.#title(unread));
    client.subscribe(() => this.#draw());
    list.subscribe(() => this.#look(list.getSnapshot()));
    addEventListener('popstate', () => this.show());
    void list.reload();
    client.connect();
    this.show();
  }

  /** Open a conversation and change the address of the page. Without an id, close the open conversation. */
  go(id) {
    history.pushState(null, '', id ? `/chat/${id}` : '/chat');
    this.show();
    if (id && matchMedia('(hover: hover)').matches) this.#view.focus();
  }

  /** Show the conversation that the address of the page names. */
  show() {
    const id = location.pathname.split('/')[2] ?? '';
    this.#view?.dispose();
    this.#view = id ? new ConversationView(this.#client, id, { onBack: () => this.go('') }) : null;
    this.#root.classList.toggle('reading', Boolean(id));
    this.list.select(id);
    this.#draw();
    this.#view?.open();
  }

  #draw() {
    // An open conversation shows the connection status itself. On narrow screens it replaces the list and its heading.
    const status = this.#view ? 'online' : this.#client.getSnapshot().status;
    draw(
      this.#root,
      html`<aside class="sidebar" aria-label=${gettext('Your conversations')}>
          <header class="sidebar-header">
            <h1>${this.account}</h1>
            ${this.bell.element} ${themeSwitch(() => this.#draw())}
            ${iconButton('log-out', gettext('Sign out'), () => void this.#signOut())}
          </header>
          ${connectionLine(status)} ${this.list.element}
          <button type="button" class="button secondary new" @click=${() => void this.#begin()}>
            ${icon('plus')}${gettext('New conversation')}
          </button>
        </aside>
        <main id="main" class="chat-main" tabindex="-1">
          <h1 class="visually-hidden">${gettext('Conversations')}</h1>
          ${this.#view?.element ?? nowhere(this.#isFirst)}
        </main>`,
    );
  }

  #look({ phase, filter, conversations }) {
    // An empty list with a filter does not mean that the user has no conversations.
    if (phase === 'ready' && !Object.values(filter).some(Boolean)) this.#isFirst = conversations.length === 0;
    this.#draw();
  }

  #title(unread) {
    document.title = `${unread ? `(${unread}) ` : ''}${gettext('Conversations')} · Stoory`;
  }

  async #begin() {
    const person = new PersonField(this.#client);
    let form = null;
    const content = (close) => (form ??= openingForm(this.#client, person, close));
    const id = await dialog(gettext('New conversation'), content);
    person.dispose();
    if (id) this.go(id);
  }

  async #signOut() {
    removeDrafts();
    await forgetAll();
    await this.#client.signOut().catch(() => {});
    toSignIn();
  }
}

/** Return the hint that is shown while no conversation is open. */
function nowhere(isFirst) {
  const [title, words] = isFirst
    ? [gettext('Your first conversation'), gettext('Use “New conversation” to find a person and write to them.')]
    : [gettext('Choose a conversation'), gettext('Your conversations are in the list, newest activity first.')];
  return html`<div class="nothing">
    ${icon('message-circle')}
    <h2>${title}</h2>
    <p>${words}</p>
  </div>`;
}

const client = siteClient();
if (client) new ChatPage(client, document.getElementById('chat'));
