/** Functions for drawing the pages: lit-html's templates, which escape text, and icons and buttons for them. */

import { html, nothing, render } from '../vendor/lit-html/lit-html.js';

export { guard } from '../vendor/lit-html/directives/guard.js';
export { repeat } from '../vendor/lit-html/directives/repeat.js';
export { html, nothing };

/** The key of list items that have an id. */
export const byId = ({ id }) => id;

/** Return a new element from a template. */
export function made(template) {
  const fragment = document.createDocumentFragment();
  render(template, fragment);
  return fragment.firstElementChild;
}

/** Draw a template into an element. A focused element that is moved keeps the focus. */
export function draw(element, template) {
  const focused = document.activeElement;
  render(template, element);
  if (document.activeElement !== focused && element.contains(focused)) focused.focus({ preventScroll: true });
}

/** Load the icons into the page, so that later drawing needs no connection. */
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

/** Return an icon. Screen readers ignore it. */
export function icon(name) {
  return html`<svg class="icon" aria-hidden="true"><use href="#${name}"></use></svg>`;
}

export function iconButton(name, label, onclick, classes = '') {
  return html`<button type="button" class="icon-button ${classes}" aria-label=${label} title=${label} @click=${onclick}>
    ${icon(name)}
  </button>`;
}

/** Return an error message, hidden if `words` is empty. Screen readers announce it when it appears. */
export function notice(words) {
  return html`<p class="notice" role="alert" ?hidden=${!words}>${words}</p>`;
}

/** Run the work of a button, unless it is running already. The button is not disabled: it would lose the focus. */
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

/** Return a unique id for an element of the page. */
export function uniqueId(stem) {
  last += 1;
  return `${stem}-${last}`;
}
