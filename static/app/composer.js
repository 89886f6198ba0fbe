import { Draft } from './drafts.js';
import { draw, html, icon, iconButton, made, nothing, onceAtATime, uniqueId } from './html.js';
import { inWords } from './faults.js';
import { filled, gettext } from './i18n.js';
import { FilePicker } from './media/picker.js';
import { canRecord, Recorder } from './media/recorder.js';

const LONGEST = 5000;
const WARN_AT = 4500;

/**
 * The form for writing a message. Enter sends, Shift+Enter starts a new line. Each conversation keeps its draft, and
 * its `Desk` has the chosen files.
 */
export class Composer {
  #conversation;
  #desk;
  #end;
  #editing = null;
  #draft;
  #onSent;
  #id = uniqueId('text');
  element = made(html`<form class="composer" @submit=${(event) => this.#submit(event)}></form>`);

  constructor(client, conversation, { desk, onSent }) {
    this.#conversation = conversation;
    this.#desk = desk;
    this.#draft = new Draft(client.session.user.id, conversation.id);
    this.#onSent = onSent;
    this.picker = new FilePicker(desk);
    this.recorder = new Recorder({
      onDone: (file) => desk.add([file], { isVoice: true }),
      onChange: () => this.#recorded(),
    });
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
    this.#end = desk.subscribe(() => this.#filesChanged());
    this.#changed();
  }

  show({ phase, conversation }) {
    const isClosed = phase === 'ready' && conversation.chat_status === 'closed';
    this.element.hidden = isClosed || phase === 'gone';
  }

  focus() {
    this.input.focus();
  }

  /** Take dropped files. */
  take(files) {
    if (this.element.hidden || this.#editing) return;
    this.#desk.add(files);
    this.focus();
  }

  dispose() {
    this.#end();
    this.recorder.stop(false);
  }

  #filesChanged() {
    this.picker.show();
    this.#show(this.#left);
  }

  #recorded() {
    this.#show(this.recorder.fault || this.#left);
    if (!this.recorder.isRecording) this.focus();
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
    this.#desk.add(files);
  }

  async #submit(event) {
    event.preventDefault();
    const text = this.input.value.trim();
    if (!this.#canSend) return;
    if (this.#editing) {
      await onceAtATime(this.element.querySelector('.send'), () => this.#store(text));
      return;
    }
    if (this.#desk.sendable.length) this.#desk.send(text);
    else this.#conversation.send(text);
    this.#write('');
    this.#onSent();
  }

  async #store(text) {
    this.#show(this.#left);
    await this.#conversation.edit(this.#editing.id, text).then(
      () => this.#stopEditing(),
      (fault) => this.#show(inWords(fault)),
    );
  }

  #write(text) {
    this.input.value = text;
    this.#changed();
  }

  get #length() {
    return [...this.input.value.trim()].length;
  }

  get #canSend() {
    const hasFiles = !this.#editing && this.#desk.sendable.length;
    const isEmpty = !this.#length && !hasFiles && !this.#editing?.attachments.length;
    return !isEmpty && this.#length <= LONGEST;
  }

  #changed() {
    if (!this.#editing) this.#draft.text = this.input.value;
    this.#show(this.#left);
    this.input.style.height = 'auto';
    this.input.style.height = `${this.input.scrollHeight + 2}px`;
  }

  /** The characters left, if they are few. */
  get #left() {
    return this.#length > WARN_AT ? filled(gettext('%(n)s left'), { n: LONGEST - this.#length }) : '';
  }

  /** Draw the form. `said` is shown next to the text: the characters left, or an error. */
  #show(said) {
    draw(
      this.element,
      html`<p class="editing" ?hidden=${!this.#editing}>
          ${icon('pencil')}${gettext('Editing your message')}
          ${iconButton('x', gettext('Stop editing'), () => this.#stopEditing())}
        </p>
        ${this.picker.element} ${this.recorder.isRecording ? this.recorder.element : nothing}
        <div class="composer-line" ?hidden=${this.recorder.isRecording}>
          ${iconButton('paperclip', gettext('Attach files'), () => this.picker.input.click())} ${this.picker.input}
          <label class="visually-hidden" for=${this.#id}>${gettext('Message')}</label>
          ${this.input}
          <span class="counter" aria-live="polite">${said}</span>
          ${canRecord ? iconButton('mic', gettext('Record a voice note'), () => void this.recorder.start()) : nothing}
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
