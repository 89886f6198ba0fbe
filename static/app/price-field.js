import { FieldFault } from './field-fault.js';
import { price } from './format.js';
import { html, nothing } from './html.js';
import { filled, gettext, language, ngettext } from './i18n.js';
import { decimalsOf, localizedNumber } from './price.js';
import { readPrice } from './price-reading.js';

/** The text of a price field: what it means, and the question if it is ambiguous. */
export class PriceField {
  #input;
  #currency;
  #read = {};

  constructor(input, currency) {
    this.#input = input;
    this.#currency = currency;
  }

  set text(text) {
    this.#read = readPrice(text, { language, currency: this.#currency, decimals: this.#decimals });
  }

  /** The amount as a decimal string, or undefined for no amount. Raises `FieldFault`. */
  get value() {
    const { amount, fault, options } = this.#read;
    if (fault) throw new FieldFault(fault === 'form' ? this.#example : this.#tooExact);
    if (options) throw new FieldFault(gettext('Choose the amount that you mean.'));
    if (amount === undefined && this.#input.required) throw new FieldFault(gettext('This is needed.'));
    if (amount !== undefined) this.#check(amount);
    return amount;
  }

  /** Return what the text means. `onChosen(text)` is called with a text that is not ambiguous. */
  template(id, onChosen) {
    const { amount, options } = this.#read;
    const words = amount ? filled(gettext('Amount: %(price)s'), { price: this.#shown(amount) }) : '';
    const question = options ? gettext('Which amount do you mean?') : '';
    return html`<div class="understood">
      <p id="${id}-amount" role="status">${words || question}</p>
      ${options ? this.#choice(id, options, onChosen) : nothing}
    </div>`;
  }

  #choice(id, options, onChosen) {
    const option = (amount) =>
      html`<button type="button" class="button secondary" @click=${() => onChosen(localizedNumber(amount, language))}>
        ${this.#shown(amount)}
      </button>`;
    return html`<div class="buttons" role="group" aria-labelledby="${id}-amount">${options.map(option)}</div>`;
  }

  #check(amount) {
    const { min, max, step } = this.#input;
    const units = (one) => this.#unitsOf(one);
    const about = (words, one) => new FieldFault(filled(words, { price: this.#shown(one) }));
    if (min && units(amount) < units(min)) throw about(gettext('At least %(price)s.'), min);
    if (max && units(amount) > units(max)) throw about(gettext('At most %(price)s.'), max);
    if (step && units(amount) % units(step)) throw about(gettext('Only multiples of %(price)s.'), step);
  }

  get #decimals() {
    return decimalsOf(this.#input.max ?? this.#input.min ?? '0.00');
  }

  get #tooExact() {
    const n = this.#decimals;
    return filled(ngettext('At most %(n)s decimal.', 'At most %(n)s decimals.', n), { n });
  }

  get #example() {
    const exact = this.#decimals ? `99.${'5'.padEnd(this.#decimals, '0')}` : '99';
    const example = { whole: '18000', exact: localizedNumber(exact, language) };
    return filled(gettext('Enter a price in digits, such as %(whole)s or %(exact)s.'), example);
  }

  #shown(amount) {
    return price(amount, this.#currency);
  }

  #unitsOf(amount) {
    const [whole, fraction = ''] = amount.split('.');
    return BigInt(whole + fraction.padEnd(this.#decimals, '0'));
  }
}
