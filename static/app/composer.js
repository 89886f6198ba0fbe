import { AttachmentPicker } from './attachments.js';
import { Draft } from './drafts.js';
import { draw, html, icon, iconButton, made, uniqueId } from './html.js';
import { inWords } from './faults.js';
import { filled, gettext } from './i18n.js';

const LONGEST = 5000;
const WARN_AT = 4500;

/** The form for writing a message. Enter sends, Shift+Enter starts a new line. Each conversation keeps its draft. */
export class Composer {
  #conversation;
  #editing = null;
  #draft;
  #onSent;
  #id = uniqueId('text');
  element = made(html`<form class="composer" @submit=${(event) => this.#submit(event)}></form>`);

  constructor(client, conversation, { onSent }) {
    this.#conversation = conversation;
    this.#draft = new Draft(client.session.user.id, conversation.id);
    this.#onSent = onSent;
    this.picker = new AttachmentPicker(client, () => this.#changed());
    this.input = made(
      html`<textarea
        id=${this.#id}
        class="input"
        rows="1"
        placeholder=${gettext('Write a message')}
        autocomplete="off"
        @input=${() => this.#typed()}
        @keydown=${(event) => this.#key(event)}
        @paste=${(event) => this.#paste(event)}
      ></textarea>`,
    );
    this.input.value = this.#draft.text;
    this.#changed();
  }

  show({ phase, conversation }) {
    const isClosed = phase === 'ready' && conversation.chat_status === 'closed';
    this.element.hidden = isClosed || phase === 'gone';
  }

  focus() {
    this.input.focus();
  }

  /** Start editing one of the user's own messages. */
  edit(message) {
    this.#editing = message;
    this.#write(message.message);
    this.focus();
  }

  #stopEditing() {
    this.#editing = null;
    this.#write(this.#draft.text);
    this.focus();
  }

  #typed() {
    this.#changed();
    if (this.input.value.trim()) this.#conversation.typing();
  }

  #key(event) {
    if (event.key === 'Escape' && this.#editing) this.#stopEditing();
    // While an input method composes a character, Enter belongs to the input method.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.element.requestSubmit();
  }

  #paste(event) {
    const files = [...event.clipboardData.files];
    if (!files.length) return;
    event.preventDefault();
    for (const file of files) void this.picker.add(file);
  }

  async #submit(event) {
    event.preventDefault();
    const text = this.input.value.trim();
    if (!this.#canSend) return;
    if (this.#editing) {
      await this.#conversation.edit(this.#editing.id, text).then(
        () => this.#stopEditing(),
        (fault) => this.#show(inWords(fault)),
      );
      return;
    }
    const { attachments } = this.picker;
    // A message needs text, so files without text are sent with their names as the text.
    this.#conversation.send(text || attachments.map((one) => one.name).join(', '), { attachments });
    this.picker.clear();
    this.#write('');
    this.#onSent();
  }

  #write(text) {
    this.input.value = text;
    this.#changed();
  }

  get #length() {
    return [...this.input.value.trim()].length;
  }

  get #canSend() {
    const isEmpty = !this.#length && !this.picker.attachments.length;
    return !isEmpty && this.#length <= LONGEST && !this.picker.isBusy;
  }

  #changed() {
    if (!this.#editing) this.#draft.text = this.input.value;
    const left = LONGEST - this.#length;
    this.#show(this.#length > WARN_AT ? filled(gettext('%(n)s left'), { n: left }) : '');
    this.input.style.height = 'auto';
    this.input.style.height = `${this.input.scrollHeight + 2}px`;
  }

  /** Draw the form. `said` is shown next to the text: the characters left, or an error. */
  #show(said) {
    draw(
      this.element,
      html`<p class="editing" ?hidden=${!this.#editing}>
          ${icon('pencil')}${gettext('Editing your message')}
          ${iconButton('x', gettext('Stop editing'), () => this.#stopEditing())}
        </p>
        ${this.picker.element}
        <div class="composer-line">
          ${iconButton('paperclip', gettext('Attach files'), () => this.picker.input.click())} ${this.picker.input}
          <label class="visually-hidden" for=${this.#id}>${gettext('Message')}</label>
          ${this.input}
          <span class="counter" aria-live="polite">${said}</span>
          <button
            type="submit"
            class="icon-button send"
            aria-label=${gettext('Send')}
            title=${gettext('Send')}
            ?disabled=${!this.#canSend}
          >
            ${icon('send-horizontal')}
          </button>
        </div>`,
    );
  }
}
