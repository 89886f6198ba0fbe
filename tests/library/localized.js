/** Prints prices in the format of the pages and of Intl, for the cases on the standard input. */

import { readFileSync } from 'node:fs';

import { FORMATS } from '../../static/app/price-formats.js';
import { localizedPrice } from '../../static/app/price.js';

function ofIntl(amount, currency, language) {
  const [, fraction = ''] = amount.split('.');
  const [minimumFractionDigits, maximumFractionDigits] = [fraction.length, fraction.length];
  const options = {
    style: 'currency',
    currency,
    numberingSystem: 'latn',
    minimumFractionDigits,
    maximumFractionDigits,
  };
  return new Intl.NumberFormat(Object.hasOwn(FORMATS, language) ? language : 'en', options).format(amount);
}

const cases = JSON.parse(readFileSync(0, 'utf8'));
const answers = cases.map((one) => ({ pages: localizedPrice(...one), intl: ofIntl(...one) }));
process.stdout.write(JSON.stringify(answers));
