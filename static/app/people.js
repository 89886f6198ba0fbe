import { html } from './html.js';

function initials(name) {
  const words = name.trim().split(/\s+/);
  return (words.length > 1 ? [words[0], words.at(-1)] : words)
    .map((word) => [...word][0] ?? '')
    .join('')
    .toUpperCase();
}

/** Return a circle with the initials of a person. Screen readers ignore it, because the name is next to it. */
export function avatar(person, { online = false } = {}) {
  const classes = ['avatar', person?.role, online && 'online'].filter(Boolean).join(' ');
  return html`<span class=${classes} aria-hidden="true">${initials(person?.name ?? '?')}</span>`;
}
