import { draw, html, icon, made, nothing, notice, onceAtATime, uniqueId } from './html.js';
import { inWords } from './faults.js';
import { FieldFault } from './field-fault.js';
import { filled, gettext, ngettext } from './i18n.js';
import { Desk } from './media/desk.js';
import { FilePicker } from './media/picker.js';
import { PriceField } from './price-field.js';

function text(value, { required, max_length: longest }) {
  const trimmed = value.trim();
  if (!trimmed && required) throw new FieldFault(gettext('This is needed.'));
  const over = [...trimmed].length - (longest ?? Infinity);
  if (over > 0) {
    const words = ngettext('%(n)s character too many.', '%(n)s characters too many.', over);
    throw new FieldFault(filled(words, { n: over }));
  }
  return trimmed || undefined;
}

/** A form field for one of an action's `inputs`, with its value and its error. */
class Field {
  #given = '';
  #redraw;
  id = uniqueId('field');
  fault = '';

  constructor(input, { currency, client, redraw }) {
    this.input = input;
    this.currency = currency;
    this.#redraw = redraw;
    if (input.type === 'number') this.price = new PriceField(input, currency);
    if (input.type === 'files') this.#takeFiles(client);
  }

  #takeFiles(client) {
    this.desk = new Desk(client);
    this.picker = new FilePicker(this.desk);
    this.desk.subscribe(() => {
      this.picker.show();
      this.#changed();
    });
  }

  #changed(text = '') {
    this.#given = text;
    if (this.price) this.price.text = text;
    this.fault = '';
    this.#redraw();
  }

  #replace(text) {
    this.element.value = text;
    this.#changed(text);
    this.element.focus();
  }

  get element() {
    return document.getElementById(this.id);
  }

  /** The value for the action's `data`. Raises `FieldFault`. */
  get value() {
    if (this.picker) {
      if (this.desk.isBusy) throw new FieldFault(gettext('The upload has not finished yet.'));
      return this.desk.attachments.map((one) => one.id);
    }
    return this.price ? this.price.value : text(this.#given, this.input);
  }

  get template() {
    const hint = this.input.required ? nothing : html`<span class="hint"> ${gettext('(optional)')}</span>`;
    return html`<div class="field">
      <label for=${this.id}>${this.input.label}${hint}</label>
      ${this.#control} ${this.price ? this.price.template(this.id, (text) => this.#replace(text)) : nothing}
      <p class="fault" id="${this.id}-fault" ?hidden=${!this.fault}>${this.fault}</p>
    </div>`;
  }

  get #control() {
    const { id, input } = this;
    const isInvalid = this.fault ? 'true' : nothing;
    const described = [this.price && `${id}-amount`, this.fault && `${id}-fault`].filter(Boolean).join(' ') || nothing;
    const oninput = ({ currentTarget }) => this.#changed(currentTarget.value);
    if (this.picker) {
      return html`<div>
        ${this.picker.element}
        <button
          type="button"
          class="button secondary"
          id=${id}
          aria-invalid=${isInvalid}
          aria-describedby=${described}
          @click=${() => this.picker.input.click()}
        >
          ${icon('paperclip')}${gettext('Add files')}
        </button>
        ${this.picker.input}
      </div>`;
    }
    if (input.type === 'textarea') {
      return html`<textarea
        class="input"
        id=${id}
        name=${input.id}
        rows="2"
        aria-invalid=${isInvalid}
        aria-describedby=${described}
        @input=${oninput}
      ></textarea>`;
    }
    const line = html`<input
      class="input"
      id=${id}
      name=${input.id}
      type="text"
      autocomplete="off"
      inputmode=${input.type === 'number' ? 'decimal' : 'text'}
      aria-invalid=${isInvalid}
      aria-describedby=${described}
      @input=${oninput}
    />`;
    return input.type === 'number'
      ? html`<div class="prefixed"><span aria-hidden="true">${this.currency}</span>${line}</div>`
      : line;
  }
}

/**
 * Return the form of an action. Values are validated by the rules in the action's `inputs`.
 *
 * `submit(data)` takes the action and returns a promise; errors of the server are shown at their fields. The optional
 * `onBack()` closes the form.
 */
export function actionForm(action, { currency, client, submit, onBack }) {
  let fault = '';
  const fields = action.inputs.map((input) => new Field(input, { currency, client, redraw }));
  const form = made(
    html`<form class="action-form" novalidate data-action=${action.action} @submit=${submitted}></form>`,
  );
  redraw();
  return form;

  function redraw() {
    const back = html`<button type="button" class="button secondary" @click=${onBack}>${gettext('Back')}</button>`;
    draw(
      form,
      html`${notice(fault)} ${fields.map((one) => one.template)}
        <p class="buttons">
          <button type="submit" class="button ${action.style} ${action.style === 'danger' ? 'sure' : ''}">
            ${action.label}
          </button>
          ${onBack ? back : nothing}
        </p>`,
    );
  }

  async function submitted(event) {
    event.preventDefault();
    fault = '';
    const data = valuesOf(fields);
    redraw();
    if (data) await onceAtATime(form.querySelector('[type=submit]'), () => submit(data).catch(complain));
    else focusFault();
  }

  function complain(refusal) {
    const named = fields.filter((field) => refusal.errors?.[field.input.id]);
    for (const field of named) field.fault = refusal.errors[field.input.id].join(' ');
    fault = named.length ? '' : inWords(refusal);
    redraw();
    focusFault();
  }

  function focusFault() {
    fields.find((field) => field.fault)?.element.focus();
  }
}

/** Return the values of the fields by id, or null if a value is invalid; its field then has the error. */
function valuesOf(fields) {
  const data = {};
  for (const field of fields) {
    field.fault = '';
    try {
      const { value } = field;
      if (value !== undefined) data[field.input.id] = value;
    } catch (fault) {
      if (!(fault instanceof FieldFault)) throw fault;
      field.fault = fault.message;
    }
  }
  return fields.some((field) => field.fault) ? null : data;
}
