import { h, icon } from './dom.js';
import { fully, remaining } from './format.js';

const MINUTE = 60_000;

/** How long there still is for the next step; null where there is no deadline. */
export function deadline(at) {
  if (!at) return null;
  const words = h('time', { datetime: at, title: fully(at) }, remaining(at));
  return h('span', { class: 'due' }, icon('clock'), words);
}

setInterval(() => {
  for (const words of document.querySelectorAll('.due time')) words.textContent = remaining(words.dateTime);
}, MINUTE);
