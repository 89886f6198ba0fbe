/** Prices in the format of the reader's language. The digits are those of the server's amounts. */

import { FORMATS, SYMBOLS } from './price-formats.js';

/** Return the format of a language, or of the language without its region. */
export function priceFormat(language) {
  let code = language.replaceAll('_', '-').toLowerCase();
  while (code && !Object.hasOwn(FORMATS, code)) code = code.slice(0, Math.max(0, code.lastIndexOf('-')));
  return FORMATS[code || 'en'];
}

/** Return a price for a reader: `₹18,000.00`. `amount` is a decimal string with all decimals of the currency. */
export function localizedPrice(amount, currency, language) {
  const symbol = symbolOf(currency);
  let { pattern } = priceFormat(language);
  if (/[A-Za-z]$/.test(symbol)) pattern = pattern.replace('¤#', '¤\u00a0#');
  if (/^[A-Za-z]/.test(symbol)) pattern = pattern.replace('#¤', '#\u00a0¤');
  return pattern.replace('#', localizedNumber(amount, language)).replace('¤', () => symbol);
}

/** Return the number of a price without its currency. */
export function localizedNumber(amount, language) {
  const { decimal, group, sizes } = priceFormat(language);
  const [whole, fraction] = amount.split('.');
  const groups = [whole.slice(-sizes[0])];
  for (let end = whole.length - sizes[0]; end > 0; end -= sizes[1]) {
    groups.unshift(whole.slice(Math.max(0, end - sizes[1]), end));
  }
  return groups.join(group) + (fraction ? decimal + fraction : '');
}

/** Return the symbol of a currency, or its code. */
export function symbolOf(currency) {
  return Object.hasOwn(SYMBOLS, currency) ? SYMBOLS[currency] : currency;
}

/** Return the number of decimals of an amount, which has all decimals of its currency. */
export function decimalsOf(amount) {
  return (amount.split('.')[1] ?? '').length;
}
