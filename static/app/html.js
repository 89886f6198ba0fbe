/** What the pages are drawn with: lit-html's templates, in which texts stay texts, and icons and buttons for them. */

import { html, nothing, render } from '../vendor/lit-html/lit-html.js';

export { guard } from '../vendor/lit-html/directives/guard.js';
export { repeat } from '../vendor/lit-html/directives/repeat.js';
export { html, nothing };

/** The key in a list of what has an id. */
export const byId = ({ id }) => id;

/** The element of a template. */
export function made(template) {
  const fragment = document.createDocumentFragment();
  render(template, fragment);
  return fragment.firstElementChild;
}

/** Bring what is in an element in line with a template. What is moved on the way keeps the focus. */
export function draw(element, template) {
  const focused = document.activeElement;
  render(template, element);
  if (document.activeElement !== focused && element.contains(focused)) focused.focus({ preventScroll: true });
}

/** Take the sprite into the page: what is drawn later needs no connection for its pictures. */
function takeSprite(address) {
  const request = new XMLHttpRequest();
  request.responseType = 'document';
  request.addEventListener('load', () => {
    const sprite = document.importNode(request.responseXML.documentElement, true);
    sprite.setAttribute('hidden', '');
    document.body.append(sprite);
  });
  request.open('GET', address);
  request.send();
}

takeSprite(document.querySelector('meta[name="stoory:icons"]').content);

/** A picture of the sprite; it says nothing by itself. */
export function icon(name) {
  return html`<svg class="icon" aria-hidden="true"><use href="#${name}"></use></svg>`;
}

export function iconButton(name, label, onclick, classes = '') {
  return html`<button type="button" class="icon-button ${classes}" aria-label=${label} title=${label} @click=${onclick}>
    ${icon(name)}
  </button>`;
}

/** What went wrong, where something has; read out when it appears. */
export function notice(words) {
  return html`<p class="notice" role="alert" ?hidden=${!words}>${words}</p>`;
}

/** Do the work of a button, once at a time. It is not disabled meanwhile, as it would lose the focus. */
export async function onceAtATime(button, work) {
  if (button.getAttribute('aria-disabled')) return;
  button.setAttribute('aria-disabled', 'true');
  try {
    await work();
  } finally {
    button.removeAttribute('aria-disabled');
  }
}

let last = 0;

/** An id that no other element of the page has. */
export function uniqueId(stem) {
  last += 1;
  return `${stem}-${last}`;
}
