import { AttachmentPicker } from './attachments.js';
import { draw, html, icon, made, nothing, notice, onceAtATime, uniqueId } from './html.js';
import { inWords } from './faults.js';
import { decimalsOf, price } from './format.js';
import { filled, gettext, ngettext } from './i18n.js';

/** An invalid value of an input. The message says why. */
class Fault extends Error {}

function text(value, { required, max_length: longest }) {
  const trimmed = value.trim();
  if (!trimmed && required) throw new Fault(gettext('This is needed.'));
  const over = [...trimmed].length - (longest ?? Infinity);
  if (over > 0)
    throw new Fault(filled(ngettext('%(n)s character too many.', '%(n)s characters too many.', over), { n: over }));
  return trimmed || undefined;
}

function amount(value, { required, min, max, step }, currency) {
  const given = value.trim();
  if (!given && !required) return undefined;
  if (!given) throw new Fault(gettext('This is needed.'));
  const decimals = decimalsOf(currency);
  if (!/^\d+(\.\d+)?$/.test(given)) throw new Fault(gettext('Enter a price in digits, such as 18000 or 99.50.'));
  if ((given.split('.')[1] ?? '').length > decimals) {
    throw new Fault(filled(ngettext('At most %(n)s decimal.', 'At most %(n)s decimals.', decimals), { n: decimals }));
  }
  if (Number(given) < Number(min))
    throw new Fault(filled(gettext('At least %(price)s.'), { price: price(min, currency) }));
  if (Number(given) > Number(max))
    throw new Fault(filled(gettext('At most %(price)s.'), { price: price(max, currency) }));
  const minor = (one) => Math.round(Number(one) * 10 ** decimals);
  if (step && minor(given) % minor(step))
    throw new Fault(filled(gettext('In steps of %(price)s.'), { price: price(step, currency) }));
  return given;
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
    if (input.type === 'files') this.picker = new AttachmentPicker(client, () => this.#changed());
  }

  #changed() {
    this.fault = '';
    this.#redraw();
  }

  get element() {
    return document.getElementById(this.id);
  }

  /** The value for the action's `data`. Raises `Fault`. */
  get value() {
    if (this.picker) {
      if (this.picker.isBusy) throw new Fault(gettext('The upload has not finished yet.'));
      return this.picker.attachments.map((one) => one.id);
    }
    return this.input.type === 'number'
      ? amount(this.#given, this.input, this.currency)
      : text(this.#given, this.input);
  }

  get template() {
    const hint = this.input.required ? nothing : html`<span class="hint"> ${gettext('(optional)')}</span>`;
    return html`<div class="field">
      <label for=${this.id}>${this.input.label}${hint}</label>
      ${this.#control}
      <p class="fault" id="${this.id}-fault" ?hidden=${!this.fault}>${this.fault}</p>
    </div>`;
  }

  get #control() {
    const { id, input } = this;
    const [isInvalid, described] = this.fault ? ['true', `${id}-fault`] : [nothing, nothing];
    const oninput = ({ currentTarget }) => {
      this.#given = currentTarget.value;
      this.#changed();
    };
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
      if (!(fault instanceof Fault)) throw fault;
      field.fault = fault.message;
    }
  }
  return fields.some((field) => field.fault) ? null : data;
}
