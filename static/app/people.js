import { html } from './html.js';

function initials(name) {
  const words = name.trim().split(/\s+/);
  return (words.length > 1 ? [words[0], words.at(-1)] : words)
    .map((word) => [...word][0] ?? '')
    .join('')
    .toUpperCase();
}

/** A round with somebody's initials. The name stands beside it, so it says nothing by itself. */
export function avatar(person, { online = false } = {}) {
  const classes = ['avatar', person?.role, online && 'online'].filter(Boolean).join(' ');
  return html`<span class=${classes} aria-hidden="true">${initials(person?.name ?? '?')}</span>`;
}
