import { html, icon, nothing } from './html.js';
import { fully, remaining } from './format.js';

const MINUTE = 60_000;

/** How long there still is for the next step; nothing where there is no deadline. */
export function deadline(at) {
  if (!at) return nothing;
  const words = html`<time datetime=${at} title=${fully(at)} .textContent=${remaining(at)}></time>`;
  return html`<span class="due">${icon('clock')}${words}</span>`;
}

setInterval(() => {
  for (const words of document.querySelectorAll('.due time')) words.textContent = remaining(words.dateTime);
}, MINUTE);
