/** Reading a price that a user typed, with the digits of any script and the separators of the user's language. */

import { priceFormat, symbolOf } from './price.js';

const LONGEST = 40;
const DIRECTION_MARKS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
const SEPARATORS = /[ ',.\u066b\u066c]/u;
const ARABIC_DECIMAL = '\u066b';

/** Other forms of separators: the comma of Arabic, the full-width forms, and apostrophes. */
const SAME = { '\u060c': ',', '\uff0c': ',', '\uff0e': '.', '\u2019': "'", '\uff07': "'" };

/**
 * Read a price. Returns one of these:
 *
 * - `{}`: there is no text
 * - `{ amount }`: the decimal string that the server takes, with all `decimals` of the currency
 * - `{ options, fault? }`: the text is ambiguous, and means one of these amounts
 * - `{ fault }`: it is no price. `form` means that it is not a number, `decimals` that it has too many decimals.
 *
 * The decimal sign of the language always begins the decimals if no more digits follow it than the currency has.
 */
export function readPrice(text, { language, currency, decimals }) {
  const written = plain(text, currency);
  if (!written) return {};
  if (written.length > LONGEST || !/\d/.test(written)) return { fault: 'form' };
  const parts = partsOf(written);
  return parts ? meaning(parts, rolesOf(language), decimals) : { fault: 'form' };
}

/** Return the text with ASCII digits, without the currency, and with one character for each separator. */
function plain(text, currency) {
  const signs = text.replace(DIRECTION_MARKS, '').replace(/\p{Nd}/gu, digit);
  const written = signs.replace(/[\u060c\uff0c\uff0e\u2019\uff07]/gu, (sign) => SAME[sign]).replace(/\s+/gu, ' ');
  return [currency, symbolOf(currency)].reduce(without, written.trim());
}

function without(text, name) {
  const [upper, length] = [text.toUpperCase(), name.length];
  if (upper.startsWith(name)) return text.slice(length).trim();
  return upper.endsWith(name) ? text.slice(0, -length).trim() : text;
}

/** Return the ASCII digit of a digit. In Unicode, the digits of a script follow each other, from 0 to 9. */
function digit(sign) {
  const point = sign.codePointAt(0);
  let first = point;
  while (/\p{Nd}/u.test(String.fromCodePoint(first - 1))) first -= 1;
  return String((point - first) % 10);
}

/** Return the groups of digits and the separators between them, or null if the text is no number. */
function partsOf(written) {
  const groups = written.split(SEPARATORS);
  const separators = [...written].filter((sign) => SEPARATORS.test(sign));
  const isNumber = groups.every((one) => /^\d*$/.test(one)) && groups.slice(1, -1).every(Boolean);
  return isNumber ? { groups, separators } : null;
}

/** Return the decimal sign and the sign between groups of a language, as `plain` writes them. */
function rolesOf(language) {
  const { decimal, group } = priceFormat(language);
  return { decimal, group: SAME[group] ?? group.replace(/\s/u, ' ') };
}

function meaning({ groups, separators }, roles, decimals) {
  const last = separators.at(-1);
  if (!last) return { amount: amountOf(groups[0], '', decimals) };
  const isDecimalSign = last === roles.decimal || last === ARABIC_DECIMAL;
  const fraction = decimalReading(groups, separators);
  const exact = fraction && fraction[1].length <= decimals ? amountOf(...fraction, decimals) : null;
  const grouped = isGrouped(groups, separators) ? amountOf(groups.join(''), '', decimals) : null;
  if (exact && (isDecimalSign || !grouped)) return { amount: exact };
  if (!grouped) return { fault: fraction ? 'decimals' : 'form' };
  if (!fraction || last === roles.group) return { amount: grouped };
  const rounded = exact ?? withoutZeros(fraction, decimals);
  if (rounded) return { options: [grouped, rounded] };
  return isDecimalSign ? { options: [grouped], fault: 'decimals' } : { amount: grouped };
}

/** Return the digits before and after the last separator if it can be a decimal sign, otherwise null. */
function decimalReading(groups, separators) {
  const [before, sign] = [separators.slice(0, -1), separators.at(-1)];
  const isPossible = ['.', ',', ARABIC_DECIMAL].includes(sign) && !before.includes(sign);
  const whole = groups.slice(0, -1);
  return isPossible && (!before.length || isGrouped(whole, before)) ? [whole.join(''), groups.at(-1)] : null;
}

/** Return whether equal separators divide the digits into groups: of three, or of two before the last three. */
function isGrouped(groups, separators) {
  const isOneKind = separators.every((one) => one === separators[0]) && separators[0] !== ARABIC_DECIMAL;
  const [first, ...others] = groups.map((one) => one.length);
  const before = others.slice(0, -1);
  const areThrees = first <= 3 && before.every((length) => length === 3);
  const areTwos = first <= 2 && before.every((length) => length === 2);
  return isOneKind && /^[1-9]/.test(groups[0]) && others.at(-1) === 3 && (areThrees || areTwos);
}

function withoutZeros([whole, fraction], decimals) {
  return /^0*$/.test(fraction.slice(decimals)) ? amountOf(whole, fraction.slice(0, decimals), decimals) : null;
}

function amountOf(whole, fraction, decimals) {
  const digits = whole.replace(/^0+(?=\d)/, '') || '0';
  return decimals ? `${digits}.${fraction.padEnd(decimals, '0')}` : digits;
}
