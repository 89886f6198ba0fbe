import { html, icon, nothing } from './html.js';
import { fully, remaining } from './format.js';

const MINUTE = 60_000;

/** Return the time left until the deadline `at`, or nothing if `at` is null. */
export function deadline(at) {
  if (!at) return nothing;
  const words = html`<time datetime=${at} title=${fully(at)} .textContent=${remaining(at)}></time>`;
  return html`<span class="due">${icon('clock')}${words}</span>`;
}

setInterval(() => {
  for (const words of document.querySelectorAll('.due time')) words.textContent = remaining(words.dateTime);
}, MINUTE);
