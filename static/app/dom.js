/** Elements made of names, properties and children. Text becomes text nodes only, never markup. */

const SVG = 'http://www.w3.org/2000/svg';

/**
 * `h('button', { class: 'button', onclick: act, disabled: true, 'aria-label': '…' }, 'Send')`
 *
 * Functions are listeners, `true` an empty attribute; `false`, null and undefined are left out, children alike.
 */
export function h(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) set(element, key, value);
  element.append(...shown(children));
  return element;
}

/** Give an element other children. Where the focus was in an old one, it is in the new one in its place. */
export function fill(element, ...children) {
  const place = focusedIn(element);
  element.replaceChildren(...shown(children));
  focusAt(element, place);
  return element;
}

const FOCUSABLE = 'a[href], button, input, textarea, select';

/** Which of the controls in an element has the focus; -1 where none has. */
function focusedIn(element) {
  return element.contains(document.activeElement)
    ? [...element.querySelectorAll(FOCUSABLE)].indexOf(document.activeElement)
    : -1;
}

function focusAt(element, place) {
  if (place >= 0) element.querySelectorAll(FOCUSABLE)[place]?.focus({ preventScroll: true });
}

function shown(children) {
  return children.flat().filter((child) => child !== null && child !== undefined && child !== false);
}

function set(element, key, value) {
  if (typeof value === 'function') element.addEventListener(key.slice(2), value);
  else if (value === true) element.setAttribute(key, '');
  else if (value !== false && value !== null && value !== undefined) element.setAttribute(key, value);
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
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(SVG, 'use');
  use.setAttribute('href', `#${name}`);
  svg.append(use);
  return svg;
}

export function iconButton(name, label, onclick, properties = {}) {
  return h(
    'button',
    { type: 'button', class: 'icon-button', 'aria-label': label, title: label, onclick, ...properties },
    icon(name),
  );
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

/**
 * Bring a parent's children in line with `rows`: elements are kept where the row is the same, made anew where it has
 * changed, and moved rather than rebuilt. Each row has a `key`; `render(row, before)` makes its element, or changes
 * the one of `before`, `{row, element}`, and answers that.
 */
export function reconcile(parent, rows, render) {
  const held = (parent.heldRows ??= new Map());
  const wanted = new Set(rows.map((row) => row.key));
  for (const [key, { element }] of held) {
    if (wanted.has(key)) continue;
    element.remove();
    held.delete(key);
  }
  let cursor = parent.firstElementChild;
  for (const row of rows) {
    const before = held.get(row.key);
    const element = before && same(before.row, row) ? before.element : render(row, before);
    held.set(row.key, { row, element });
    if (before && element !== before.element) {
      if (cursor === before.element) cursor = element;
      replace(before.element, element);
    }
    if (element === cursor) cursor = cursor.nextElementSibling;
    else move(parent, element, cursor);
  }
}

function move(parent, element, before) {
  const place = focusedIn(element);
  parent.insertBefore(element, before);
  focusAt(element, place);
}

function replace(old, element) {
  const place = focusedIn(old);
  old.replaceWith(element);
  focusAt(element, place);
}

function same(one, other) {
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => Object.is(one[key], other[key]));
}
