import { Composer } from './composer.js';
import { connectionLine } from './connection.js';
import { DealView } from './deal-view.js';
import { dialog } from './dialog.js';
import { actionForm } from './action-form.js';
import { draw, html, iconButton, made, nothing, notice } from './html.js';
import { inWords } from './faults.js';
import { kind, short } from './format.js';
import { filled, gettext, isolated } from './i18n.js';
import { Attachments } from './media/attachments.js';
import { deskOf } from './media/desk.js';
import { takeDrops } from './media/drop.js';
import { summary } from './media/summary.js';
import { MessagesView } from './messages-view.js';
import { loadState } from './loading.js';
import { missingConversation } from './missing.js';
import { avatar } from './people.js';
import { ActionPanel } from './action-panel.js';
import { onNewDay } from './today.js';

const SHOWN = 8_000;

/** The view of one conversation. The optional `onBack()` returns to the list on narrow screens. */
export class ConversationView {
  #client;
  #conversation;
  #desk;
  #attachments;
  #ends = [];
  #lastSeq = null;
  #fault = '';
  #timer = null;
  #live = made(html`<p class="visually-hidden" aria-live="polite"></p>`);
  element = made(html`<section class="conversation"></section>`);

  constructor(client, id, { onBack, withDeal = true } = {}) {
    this.#client = client;
    this.#conversation = client.conversation(id);
    this.#desk = deskOf(client, this.#conversation);
    this.#attachments = new Attachments(client.files, { onFault: (fault) => this.#complain(fault) });
    this.messages = new MessagesView(this.#conversation, {
      me: client.session.user.id,
      attachments: this.#attachments,
      desk: this.#desk,
      state: () => this.#state,
      names: (userId) => this.#names(userId),
      isClosed: () => this.#conversation.getSnapshot().conversation?.chat_status === 'closed',
      onRetry: (id) => void this.#holderOf(id).retry(id),
      onDiscard: (id) => this.#holderOf(id).discard(id),
      onEdit: (message) => this.composer.edit(message),
      onRemove: (message) => void this.#remove(message),
      onFault: (fault) => this.#complain(fault),
    });
    this.actionPanel = new ActionPanel(client, this.#conversation);
    this.composer = new Composer(client, this.#conversation, {
      desk: this.#desk,
      onSent: () => this.messages.scrollToEnd(),
    });
    this.deal = withDeal ? new DealView(this.#conversation) : null;
    this.onBack = onBack;
    this.#ends.push(
      this.#conversation.subscribe(() => this.#show()),
      client.subscribe(() => this.#show()),
      this.#desk.subscribe(() => this.#show()),
      onNewDay(() => this.#show()),
    );
    takeDrops(this.element, (files) => this.composer.take(files));
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
    clearTimeout(this.#timer);
    this.messages.dispose();
    this.composer.dispose();
    this.#attachments.dispose();
    this.#conversation.close();
  }

  focus() {
    this.composer.focus();
  }

  #show() {
    const state = this.#state;
    this.element.dataset.phase = state.phase;
    if (state.phase === 'gone') {
      draw(this.element, missingConversation(this.onBack));
      return;
    }
    this.actionPanel.show(state);
    this.composer.show(state);
    this.deal?.show(state);
    draw(
      this.element,
      html`<div class="conversation-main">
          <header class="conversation-header">${state.conversation ? this.#header(state) : this.#back}</header>
          ${connectionLine(this.#client.getSnapshot().status)}
          ${state.phase === 'loading' ? loadState(state, () => this.#conversation.reload()) : nothing}
          ${this.messages.element} ${notice(this.#fault)}
          <p class="typing">${this.#typing(state)}</p>
          ${this.actionPanel.element} ${this.composer.element} ${this.#live}
        </div>
        ${this.deal?.element}`,
    );
    this.messages.show(state);
    this.#announce(state);
  }

  /** The snapshot of the conversation, with the messages that wait for their files. */
  get #state() {
    const state = this.#conversation.getSnapshot();
    return { ...state, outgoing: [...state.outgoing, ...this.#desk.getSnapshot().outgoing] };
  }

  /** Return the object that has an unsent message: the desk until its files are uploaded, then the conversation. */
  #holderOf(id) {
    return this.#desk.has(id) ? this.#desk : this.#conversation;
  }

  #names(userId) {
    const { conversation } = this.#conversation.getSnapshot();
    return (
      [conversation.other_user, conversation.brand_owner, conversation.influencer].find((one) => one?.id === userId)
        ?.name ?? gettext('System')
    );
  }

  #typing({ typing }) {
    if (!typing.length) return nothing;
    const words = filled(gettext('%(name)s is typing'), { name: isolated(this.#names(typing[0])) });
    return html`<span class="dots" aria-hidden="true"><i></i><i></i><i></i></span>${words}`;
  }

  #header({ conversation, online }) {
    const { other_user: other, title, conversation_type: type } = conversation;
    const isOnline = online.includes(other?.id);
    const about = [kind(type), title && isolated(title)].filter(Boolean).join(' · ');
    const ask = (action) => iconButton('lock', action.label, () => void this.#ask(action, conversation));
    return html`${this.#back} ${avatar(other, { online: isOnline })}
      <div class="who">
        <h2><bdi>${other?.name ?? title}</bdi></h2>
        <p>${presence(other, isOnline)} · ${about}</p>
      </div>
      ${this.#menu(conversation).map(ask)} ${this.deal && type !== 'direct' ? this.#dealButton() : nothing}`;
  }

  get #back() {
    return this.onBack ? iconButton('arrow-left', gettext('Back to the list'), this.onBack, 'back') : nothing;
  }

  /** Return the button that shows the deal instead of the messages on narrower screens. */
  #dealButton() {
    const label = this.#isDealShown ? gettext('Show the messages') : gettext('Show the deal');
    const onclick = () => {
      this.element.classList.toggle('with-deal');
      this.#show();
    };
    return iconButton(this.#isDealShown ? 'message-circle' : 'panel-right', label, onclick, 'deal-button');
  }

  get #isDealShown() {
    return this.element.classList.contains('with-deal');
  }

  /** Return the available actions of a conversation without a prompt. With a prompt, the action panel shows them. */
  #menu(conversation) {
    return conversation.awaiting_role ? [] : conversation.available_actions;
  }

  async #ask(action, { currency }) {
    let form = null;
    await dialog(action.label, (close) => (form ??= this.#formOf(action, currency, close)));
  }

  #formOf(action, currency, close) {
    const submit = async (data) => {
      await this.#conversation.act(action, data);
      close();
    };
    const options = { currency, client: this.#client, submit, onBack: () => close() };
    return actionForm({ ...action, style: 'danger' }, options);
  }

  async #remove(message) {
    const isSure = await dialog(
      gettext('Delete this message?'),
      (close) =>
        html`<p>${gettext('It disappears for both of you.')}</p>
          <p class="buttons">
            <button type="button" class="button danger sure" @click=${() => close(true)}>${gettext('Delete')}</button>
            <button type="button" class="button secondary" @click=${() => close(false)}>${gettext('Keep it')}</button>
          </p>`,
    );
    if (isSure) await this.#conversation.remove(message.id).catch((fault) => this.#complain(fault));
  }

  /** Show an error for 8 seconds. */
  #complain(fault) {
    const say = (words) => {
      this.#fault = words;
      this.#show();
    };
    say(inWords(fault));
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => say(''), SHOWN);
  }

  /** Announce new messages of others to screen readers. */
  #announce({ phase, messages }) {
    if (phase !== 'ready') return;
    const last = messages.at(-1);
    const isNew = this.#lastSeq !== null && last && last.seq > this.#lastSeq;
    this.#lastSeq = last?.seq ?? 0;
    if (isNew && last.sender_id !== this.#client.session.user.id) {
      this.#live.textContent = `${isolated(this.#names(last.sender_id))}: ${isolated(last.message || summary(last))}`;
    }
  }
}

function presence(other, isOnline) {
  if (isOnline) return gettext('online');
  return other?.last_seen
    ? filled(gettext('last seen %(when)s'), { when: short(other.last_seen) })
    : gettext('offline');
}
