import { AttachmentPicker } from './attachments.js';
import { h, icon, onceAtATime, uniqueId } from './dom.js';
import { inWords } from './faults.js';
import { decimalsOf, price } from './format.js';
import { filled, gettext, ngettext } from './i18n.js';

/** A value that an input does not take; the message says why. */
class Fault extends Error {}

function text(value, { required, max_length: longest }) {
  const trimmed = value.trim();
  if (!trimmed && required) throw new Fault(gettext('This is needed.'));
  const over = [...trimmed].length - (longest ?? Infinity);
  if (over > 0)
    throw new Fault(filled(ngettext('%(n)s character too many.', '%(n)s characters too many.', over), { n: over }));
  return trimmed || undefined;
}

function amount(value, { required, min, max }, currency) {
  const given = value.trim();
  if (!given && !required) return undefined;
  if (!given) throw new Fault(gettext('This is needed.'));
  const decimals = decimalsOf(currency);
  if (!/^\d+(\.\d+)?$/.test(given)) throw new Fault(gettext('A price in digits is needed, such as 18000 or 99.50.'));
  if ((given.split('.')[1] ?? '').length > decimals) {
    throw new Fault(filled(ngettext('At most %(n)s decimal.', 'At most %(n)s decimals.', decimals), { n: decimals }));
  }
  if (Number(given) < Number(min))
    throw new Fault(filled(gettext('At least %(price)s.'), { price: price(min, currency) }));
  if (Number(given) > Number(max))
    throw new Fault(filled(gettext('At most %(price)s.'), { price: price(max, currency) }));
  return given;
}

/** A field for one of an action's `inputs`: what is asked, what was given, and what is wrong with it. */
class Field {
  constructor(input, { currency, client }) {
    this.input = input;
    this.currency = currency;
    this.id = uniqueId('field');
    this.faultElement = h('p', { class: 'fault', id: `${this.id}-fault`, hidden: true });
    this.control = this.#control(client);
    this.element = h('div', { class: 'field' }, this.#label(), this.#framed(), this.faultElement);
  }

  #control(client) {
    const { type } = this.input;
    const common = { class: 'input', id: this.id, name: this.input.id, oninput: () => this.show('') };
    if (type === 'files') {
      this.picker = new AttachmentPicker(client, () => this.show(''));
      const add = h('button', {
        type: 'button',
        class: 'button secondary',
        id: this.id,
        onclick: () => this.picker.input.click(),
      });
      add.append(icon('paperclip'), gettext('Add files'));
      return add;
    }
    if (type === 'textarea') return h('textarea', { ...common, rows: 2 });
    return h('input', {
      ...common,
      type: 'text',
      autocomplete: 'off',
      inputmode: type === 'number' ? 'decimal' : 'text',
    });
  }

  #label() {
    const hint = this.input.required ? null : h('span', { class: 'hint' }, ` ${gettext('(optional)')}`);
    return h('label', { for: this.id }, this.input.label, hint);
  }

  #framed() {
    if (this.picker) return h('div', {}, this.picker.element, this.control, this.picker.input);
    if (this.input.type !== 'number') return this.control;
    return h('div', { class: 'prefixed' }, h('span', { 'aria-hidden': 'true' }, this.currency), this.control);
  }

  /** The value for the action's `data`. Raises `Fault`. */
  get value() {
    if (this.picker) {
      if (this.picker.isBusy) throw new Fault(gettext('The upload is still under way.'));
      return this.picker.attachments.map((one) => one.id);
    }
    return this.input.type === 'number'
      ? amount(this.control.value, this.input, this.currency)
      : text(this.control.value, this.input);
  }

  show(fault) {
    this.faultElement.textContent = fault;
    this.faultElement.hidden = !fault;
    if (fault) {
      this.control.setAttribute('aria-invalid', 'true');
      this.control.setAttribute('aria-describedby', this.faultElement.id);
    } else {
      this.control.removeAttribute('aria-invalid');
      this.control.removeAttribute('aria-describedby');
    }
  }
}

/**
 * The form of an action, checked by the rules that came with it.
 *
 * `submit(data)` takes the action; what the server says about a field is shown at the field. `onBack`, where given,
 * closes the form.
 */
export function actionForm(action, { currency, client, submit, onBack }) {
  const fields = action.inputs.map((input) => new Field(input, { currency, client }));
  const fault = h('p', { class: 'notice', role: 'alert', hidden: true });
  const isSure = action.style === 'danger' ? ' sure' : '';
  const button = h('button', { type: 'submit', class: `button ${action.style}${isSure}` }, action.label);
  const back = onBack && h('button', { type: 'button', class: 'button secondary', onclick: onBack }, gettext('Back'));
  const form = h(
    'form',
    { class: 'action-form', novalidate: true, 'data-action': action.action },
    fault,
    fields.map((one) => one.element),
    h('p', { class: 'buttons' }, button, back),
  );

  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    fault.hidden = true;
    const data = valuesOf(fields);
    if (!data) return;
    await onceAtATime(button, () => submit(data).catch(complain));
  });
  return form;

  function complain(refusal) {
    const named = fields.filter((field) => refusal.errors?.[field.input.id]);
    for (const field of named) field.show(refusal.errors[field.input.id].join(' '));
    fault.textContent = inWords(refusal);
    fault.hidden = named.length > 0;
    named[0]?.control.focus();
  }
}

/** What the fields hold, or null where something is wrong: the first such field gets the focus. */
function valuesOf(fields) {
  const data = {};
  let wrong = null;
  for (const field of fields) {
    try {
      const { value } = field;
      if (value !== undefined) data[field.input.id] = value;
    } catch (fault) {
      if (!(fault instanceof Fault)) throw fault;
      field.show(fault.message);
      wrong ??= field;
    }
  }
  wrong?.control.focus();
  return wrong ? null : data;
}
