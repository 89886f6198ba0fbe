/** Elements made of names, properties and children. Text becomes text nodes only, never markup. */

const SVG = 'http://www.w3.org/2000/svg';
const SPRITE = document.querySelector('meta[name="stoory:icons"]')?.content ?? '';

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

/** Give an element other children. */
export function fill(element, ...children) {
  element.replaceChildren(...shown(children));
  return element;
}

function shown(children) {
  return children.flat().filter((child) => child !== null && child !== undefined && child !== false);
}

function set(element, key, value) {
  if (typeof value === 'function') element.addEventListener(key.slice(2), value);
  else if (value === true) element.setAttribute(key, '');
  else if (value !== false && value !== null && value !== undefined) element.setAttribute(key, value);
}

/** A picture of the sprite; it says nothing by itself. */
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(SVG, 'use');
  use.setAttribute('href', `${SPRITE}#${name}`);
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

let last = 0;

/** An id that no other element of the page has. */
export function uniqueId(stem) {
  last += 1;
  return `${stem}-${last}`;
}

/**
 * Bring a parent's children in line with `rows`: elements are kept where the row is the same, made anew where it has
 * changed, and moved rather than rebuilt. Each row has a `key`; `render(row)` makes its element.
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
    const element = kept(held, row, render, (old) => {
      if (old === cursor) cursor = cursor.nextElementSibling;
    });
    if (element === cursor) cursor = cursor.nextElementSibling;
    else parent.insertBefore(element, cursor);
  }
}

function kept(held, row, render, onReplace) {
  const before = held.get(row.key);
  if (before && same(before.row, row)) return before.element;
  const element = render(row);
  if (before) {
    onReplace(before.element);
    before.element.remove();
  }
  held.set(row.key, { row, element });
  return element;
}

function same(one, other) {
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => Object.is(one[key], other[key]));
}
