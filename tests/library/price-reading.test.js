/** How the pages read a typed price. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { FORMATS } from '../../static/app/price-formats.js';
import { localizedNumber } from '../../static/app/price.js';
import { readPrice } from '../../static/app/price-reading.js';

const DECIMALS = { INR: 2, USD: 2, EUR: 2, JPY: 0, KWD: 3, HUF: 2, CLF: 4 };

function read(text, language = 'en', currency = 'INR') {
  return readPrice(text, { language, currency, decimals: DECIMALS[currency] });
}

/** Check the meaning of each text. A string is an amount, a list the options. */
function means(expected, language, currency) {
  for (const [text, meaning] of Object.entries(expected)) {
    const found = read(text, language, currency);
    const wanted = Array.isArray(meaning) ? { options: meaning } : { amount: meaning };
    assert.deepEqual(found, wanted, `${text} in ${language}, ${currency}`);
  }
}

test('separators of the language are accepted', () => {
  means({ 18000: '18000.00', '18,000': '18000.00', '18,000.5': '18000.50', '1,234,567.89': '1234567.89' }, 'en');
  means({ '18.000': '18000.00', '18.000,5': '18000.50', '18000,50': '18000.50' }, 'de');
  means({ '18\u202f000,50': '18000.50', '18 000': '18000.00', '18\u00a0000': '18000.00', '18,5': '18.50' }, 'fr');
  means({ '18’000.50': '18000.50', "18'000": '18000.00' }, 'de-CH');
  means({ '1,00,000': '100000.00', '12,34,567.50': '1234567.50' }, 'hi');
  means({ '18 000,50': '18000.50' }, 'en-ZA', 'USD');
});

test('spaces, apostrophes and groups of two are accepted in every language', () => {
  for (const language of Object.keys(FORMATS)) {
    means({ '18 000': '18000.00', "18'000": '18000.00', '1 234 567': '1234567.00', '1,00,000': '100000.00' }, language);
  }
});

test('digits of every script are accepted', () => {
  means({ '१८०००': '18000.00', '१८,०००.५०': '18000.50' }, 'hi');
  means({ '١٨٠٠٠': '18000.00', '١٨٬٠٠٠٫٥٠': '18000.50', '۱۸۰۰۰': '18000.00' }, 'ar');
  means({ '１８，０００．５０': '18000.50', '𝟙𝟠𝟘𝟘𝟘': '18000.00', '𝟿𝟿': '99.00', '১৮০০০': '18000.00' }, 'en');
});

test('a digit of any script has its value', () => {
  const digits = Array.from({ length: 0x110000 }, (_, point) => point)
    .filter((point) => (point < 0xd800 || point > 0xdfff) && /\p{Nd}/u.test(String.fromCodePoint(point)))
    .map((point) => String.fromCodePoint(point));
  assert.ok(digits.length > 500 && digits.length % 10 === 0);
  for (const [index, sign] of digits.entries()) assert.equal(read(`1${sign}`).amount, `1${index % 10}.00`, sign);
});

test('the decimal sign of the language begins the decimals', () => {
  means({ 10.125: '10.125', '1.500': '1.500', 1.5: '1.500', 0.5: '0.500', '.5': '0.500', '5.': '5.000' }, 'en', 'KWD');
  means({ '10,125': '10.125', '1,500': '1.500' }, 'de', 'KWD');
  means({ '10.1250': '10.1250' }, 'en', 'CLF');
  means({ '5.': '5', '1,500': '1500' }, 'en', 'JPY');
  means({ '10,125': '10125.000', 10.125: '10.125' }, 'hi', 'KWD');
});

test('an amount that stays open has options', () => {
  means({ '1.500': ['1500.00', '1.50'], '18.000': ['18000.00', '18.00'], '१.५००': ['1500.00', '1.50'] }, 'en');
  means({ '1,500': ['1500.00', '1.50'] }, 'de');
  means({ '18.000': ['18000.00', '18.00'] }, 'fr');
  means({ '18.000': ['18000.000', '18.000'], 18.125: ['18125.000', '18.125'] }, 'fr', 'KWD');
  means({ '1.000': ['1000', '1'] }, 'en', 'JPY');
});

test('more decimals than the currency has are a fault, with an option for a group', () => {
  assert.deepEqual(read('10.005'), { options: ['10005.00'], fault: 'decimals' });
  assert.deepEqual(read('10,005', 'de'), { options: ['10005.00'], fault: 'decimals' });
  assert.deepEqual(read('10.5', 'en', 'JPY'), { fault: 'decimals' });
  assert.deepEqual(read('10.0055'), { fault: 'decimals' });
  assert.deepEqual(read('10٫1255', 'ar', 'KWD'), { fault: 'decimals' });
});

test('a text with one meaning is accepted in the separators of other languages', () => {
  means({ '1.234.567': '1234567.00', '18.000,50': '18000.50', '10,50': '10.50', '18 000,50': '18000.50' }, 'en');
  means({ '1,234,567': '1234567.00', '18,000.50': '18000.50', 10.5: '10.50' }, 'de');
});

test('the currency may stand before or after the number', () => {
  means({ '₹18,000': '18000.00', 'INR 18000': '18000.00', '18000 inr': '18000.00', '18,000.00 ₹': '18000.00' });
  means({ '\u200f18,000.00\u00a0₹': '18000.00' }, 'ar');
  means({ 'US$99.50': '99.50', '99.50 USD': '99.50' }, 'en', 'USD');
  for (const text of ['$5', 'USD 5', '€5', 'INR']) assert.notEqual(read(text).amount, '5.00', text);
});

test('everything else is no number', () => {
  const wrong = [
    'a lot',
    '-5',
    '+5',
    '1e3',
    '0x10',
    '1,5,0',
    '1..5',
    '1.,5',
    '.',
    ',',
    '1,,000',
    '10²',
    '½',
    '②',
    '十',
  ];
  wrong.push(
    '1_000',
    '18k',
    '5%',
    '1/2',
    'NaN',
    'Infinity',
    '1,0000',
    ',500',
    '1 2',
    "1'00",
    '1,000,00',
    '٫',
    '1\n.\n5',
  );
  wrong.push('9'.repeat(41), '0,500,000', '01,000', '1.000.00', '1,000.000.000', '\u0000', '1\u00005');
  for (const text of wrong) {
    const { amount, options } = read(text);
    assert.deepEqual([amount, options], [undefined, undefined], JSON.stringify(text));
  }
});

test('no text is no amount', () => {
  for (const text of ['', ' ', '\u00a0', '\u200f', '₹']) assert.deepEqual(read(text), {}, JSON.stringify(text));
});

test('zeros before a number are left out', () => {
  means({ '00018000': '18000.00', 0: '0.00', '000': '0.00', '00.50': '0.50' });
});

test('a written amount is read as the same amount, in every language', () => {
  for (const language of Object.keys(FORMATS)) {
    for (const [currency, decimals] of Object.entries(DECIMALS)) {
      for (const whole of ['0', '7', '999', '1000', '18000', '123456', '1234567', '99999999']) {
        for (const digits of ['0000', '5000', '1250', '9999']) {
          const amount = decimals ? `${whole}.${digits.slice(0, decimals)}` : whole;
          assert.deepEqual(read(localizedNumber(amount, language), language, currency), { amount }, language);
        }
      }
    }
  }
});
