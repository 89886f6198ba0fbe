import { Composer } from './composer.js';
import { ConnectionLine } from './connection.js';
import { DealView } from './deal-view.js';
import { dialog } from './dialog.js';
import { actionForm } from './action-form.js';
import { fill, h, iconButton } from './dom.js';
import { inWords } from './faults.js';
import { kind, short } from './format.js';
import { filled, gettext } from './i18n.js';
import { MessagesView } from './messages-view.js';
import { avatar } from './people.js';
import { ActionPanel } from './action-panel.js';

const SHOWN = 8_000;

/** One conversation as a page shows it. `onBack`, where given, leads back to the list on narrow screens. */
export class ConversationView {
  #client;
  #conversation;
  #ends = [];
  #lastSeq = null;
  #timer = null;

  constructor(client, id, { onBack, withDeal = true } = {}) {
    this.#client = client;
    this.#conversation = client.conversation(id);
    const me = client.session.user.id;
    this.messages = new MessagesView(this.#conversation, {
      me,
      session: client.session,
      names: (userId) => this.#names(userId),
      isClosed: () => this.#conversation.getSnapshot().conversation?.chat_status === 'closed',
      onRetry: (entry) => void this.#conversation.retry(entry),
      onDiscard: (entry) => this.#conversation.discard(entry),
      onEdit: (message) => this.composer.edit(message),
      onRemove: (message) => void this.#remove(message),
      onFault: (fault) => this.#complain(fault),
    });
    this.actionPanel = new ActionPanel(client, this.#conversation);
    this.composer = new Composer(client, this.#conversation, { onSent: () => this.messages.scrollToEnd() });
    this.deal = withDeal ? new DealView(this.#conversation) : null;
    this.header = h('header', { class: 'conversation-header' });
    this.connection = new ConnectionLine();
    this.fault = h('p', { class: 'notice', role: 'alert', hidden: true });
    this.typing = h('p', { class: 'typing' });
    this.live = h('p', { class: 'visually-hidden', 'aria-live': 'polite' });
    this.onBack = onBack;
    this.element = h(
      'section',
      { class: 'conversation' },
      h(
        'div',
        { class: 'conversation-main' },
        this.header,
        this.connection.element,
        this.messages.element,
        this.fault,
        this.typing,
        this.actionPanel.element,
        this.composer.element,
        this.live,
      ),
      this.deal?.element,
    );
    this.#ends.push(
      this.#conversation.subscribe(() => this.#show()),
      client.subscribe(() => this.#show()),
    );
  }

  get conversation() {
    return this.#conversation;
  }

  open() {
    void this.#conversation.open();
    this.#show();
  }

  dispose() {
    for (const end of this.#ends) end();
    this.messages.dispose();
    this.#conversation.close();
  }

  focus() {
    this.composer.focus();
  }

  #show() {
    const state = this.#conversation.getSnapshot();
    this.element.dataset.phase = state.phase;
    const isGone = state.phase === 'gone';
    this.connection.show(this.#client.getSnapshot().status, isGone && gettext('This conversation cannot be found.'));
    this.actionPanel.show(state);
    this.composer.show(state);
    this.deal?.show(state);
    this.#showTyping(state);
    this.#showHeader(state);
    this.messages.show(state);
    this.#announce(state);
  }

  #names(userId) {
    const { conversation } = this.#conversation.getSnapshot();
    return (
      [conversation.other_user, conversation.brand_owner, conversation.influencer].find((one) => one?.id === userId)
        ?.name ?? gettext('System')
    );
  }

  #showTyping({ typing }) {
    const names = typing.map((userId) => this.#names(userId));
    const shown = names.join();
    if (this.typing.dataset.names === shown) return;
    this.typing.dataset.names = shown;
    const dots = h('span', { class: 'dots', 'aria-hidden': 'true' }, h('i'), h('i'), h('i'));
    fill(this.typing, names.length ? [dots, filled(gettext('%(name)s is typing'), { name: names[0] })] : null);
  }

  #showHeader({ conversation, online }) {
    if (!conversation) return;
    const other = conversation.other_user;
    const isOnline = online.includes(other?.id);
    const shown = JSON.stringify([
      conversation.title,
      other,
      isOnline,
      this.#menu(conversation).map((one) => one.action),
      this.#isDealShown,
    ]);
    if (this.header.dataset.shown === shown) return;
    this.header.dataset.shown = shown;
    const about = [kind(conversation.conversation_type), conversation.title].filter(Boolean).join(' · ');
    fill(
      this.header,
      this.onBack && iconButton('arrow-left', gettext('Back to the list'), this.onBack, { class: 'icon-button back' }),
      avatar(other, { online: isOnline }),
      h(
        'div',
        { class: 'who' },
        h('h2', {}, other?.name ?? conversation.title),
        h('p', {}, presence(other, isOnline), ' · ', about),
      ),
      this.#menu(conversation).map((action) =>
        iconButton('lock', action.label, () => void this.#ask(action, conversation)),
      ),
      this.deal && conversation.conversation_type !== 'direct' && this.#dealButton(),
    );
  }

  /** On narrower screens the deal is shown in the messages' place. */
  #dealButton() {
    const label = this.#isDealShown ? gettext('Show the messages') : gettext('Show the deal');
    const onclick = () => {
      this.element.classList.toggle('with-deal');
      this.#show();
    };
    return iconButton(this.#isDealShown ? 'message-circle' : 'panel-right', label, onclick, {
      class: 'icon-button deal-button',
    });
  }

  get #isDealShown() {
    return this.element.classList.contains('with-deal');
  }

  /** What may be done beside answering the prompt. */
  #menu(conversation) {
    return conversation.awaiting_role === conversation.my_role ? [] : conversation.available_actions;
  }

  async #ask(action, { currency }) {
    await dialog(action.label, (close) =>
      actionForm(
        { ...action, style: 'danger' },
        {
          currency,
          client: this.#client,
          submit: async (data) => {
            await this.#conversation.act(action, data);
            close();
          },
          onBack: () => close(),
        },
      ),
    );
  }

  async #remove(message) {
    const isSure = await dialog(gettext('Delete this message?'), (close) => [
      h('p', {}, gettext('It disappears for both of you.')),
      h(
        'p',
        { class: 'buttons' },
        h('button', { type: 'button', class: 'button danger sure', onclick: () => close(true) }, gettext('Delete')),
        h('button', { type: 'button', class: 'button secondary', onclick: () => close(false) }, gettext('Keep it')),
      ),
    ]);
    if (isSure) await this.#conversation.remove(message.id).catch((fault) => this.#complain(fault));
  }

  /** Say for a while what could not be done. */
  #complain(fault) {
    this.fault.textContent = inWords(fault);
    this.fault.hidden = false;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => (this.fault.hidden = true), SHOWN);
  }

  /** Tell who does not see the screen what others have just said. */
  #announce({ phase, messages }) {
    if (phase !== 'ready') return;
    const last = messages.at(-1);
    const isNew = this.#lastSeq !== null && last && last.seq > this.#lastSeq;
    this.#lastSeq = last?.seq ?? 0;
    if (isNew && last.sender_id !== this.#client.session.user.id) {
      this.live.textContent = `${this.#names(last.sender_id)}: ${last.message}`;
    }
  }
}

function presence(other, isOnline) {
  if (isOnline) return gettext('online');
  return other?.last_seen
    ? filled(gettext('last seen %(when)s'), { when: short(other.last_seen) })
    : gettext('offline');
}
