import { AttachmentPicker } from './attachments.js';
import { fill, h, icon, iconButton, uniqueId } from './dom.js';
import { inWords } from './faults.js';
import { filled, gettext } from './i18n.js';

const LONGEST = 5000;
const WARN_AT = 4500;
const drafts = new Map();

/** Where one writes. Enter sends, Shift+Enter begins a line; a draft is kept per conversation. */
export class Composer {
  #conversation;
  #editing = null;
  #onSent;

  constructor(client, conversation, { onSent }) {
    this.#conversation = conversation;
    this.#onSent = onSent;
    const id = uniqueId('text');
    this.picker = new AttachmentPicker(client, () => this.#changed());
    this.input = h('textarea', {
      id,
      class: 'input',
      rows: 1,
      placeholder: gettext('Write a message'),
      autocomplete: 'off',
      oninput: () => this.#typed(),
      onkeydown: (event) => this.#key(event),
      onpaste: (event) => this.#paste(event),
    });
    this.counter = h('span', { class: 'counter', 'aria-live': 'polite' });
    this.banner = h('p', { class: 'editing', hidden: true });
    this.button = h(
      'button',
      { type: 'submit', class: 'icon-button send', 'aria-label': gettext('Send'), title: gettext('Send') },
      icon('send-horizontal'),
    );
    this.element = h(
      'form',
      { class: 'composer', onsubmit: (event) => this.#submit(event) },
      this.banner,
      this.picker.element,
      h(
        'div',
        { class: 'composer-line' },
        iconButton('paperclip', gettext('Attach files'), () => this.picker.input.click()),
        this.picker.input,
        h('label', { class: 'visually-hidden', for: id }, gettext('Message')),
        this.input,
        this.counter,
        this.button,
      ),
    );
    this.input.value = drafts.get(conversation) ?? '';
    this.#changed();
  }

  show({ phase, conversation }) {
    const isClosed = phase === 'ready' && conversation.chat_status === 'closed';
    this.element.hidden = isClosed || phase === 'gone';
  }

  focus() {
    this.input.focus();
  }

  /** Put one's own message in here, to be changed. */
  edit(message) {
    this.#editing = message;
    this.input.value = message.message;
    fill(
      this.banner,
      icon('pencil'),
      gettext('Editing your message'),
      iconButton('x', gettext('Stop editing'), () => this.#stopEditing()),
    );
    this.banner.hidden = false;
    this.#changed();
    this.focus();
  }

  #stopEditing() {
    this.#editing = null;
    this.banner.hidden = true;
    this.#clear();
    this.focus();
  }

  #typed() {
    this.#changed();
    if (this.input.value.trim()) this.#conversation.typing();
  }

  #key(event) {
    if (event.key === 'Escape' && this.#editing) this.#stopEditing();
    // While an input method composes, Enter is its own.
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
    if (this.button.disabled) return;
    if (this.#editing) {
      await this.#conversation.edit(this.#editing.id, text).then(
        () => this.#stopEditing(),
        (fault) => this.#say(inWords(fault)),
      );
      return;
    }
    const { attachments } = this.picker;
    // A message has words: files without any are sent under their names.
    this.#conversation.send(text || attachments.map((one) => one.name).join(', '), { attachments });
    this.picker.clear();
    this.#clear();
    this.#onSent();
  }

  #say(words) {
    this.counter.textContent = words;
  }

  #clear() {
    this.input.value = '';
    this.#changed();
  }

  #changed() {
    const length = [...this.input.value.trim()].length;
    drafts.set(this.#conversation, this.#editing ? '' : this.input.value);
    this.counter.textContent = length > WARN_AT ? filled(gettext('%(n)s left'), { n: LONGEST - length }) : '';
    const isEmpty = !length && !this.picker.attachments.length;
    this.button.disabled = isEmpty || length > LONGEST || this.picker.isBusy;
    this.input.style.height = 'auto';
    this.input.style.height = `${this.input.scrollHeight + 2}px`;
  }
}
