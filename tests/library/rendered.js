/** Renders React components into a document, without a browser. */

import { Window } from 'happy-dom';
import { act } from 'react';

import { settled } from './fakes.js';

// React reads these globals when it is loaded.
const window = new Window();
Object.assign(globalThis, { window, document: window.document, IS_REACT_ACT_ENVIRONMENT: true });
globalThis.navigator ??= window.navigator; // Node has a navigator since version 21
const { createRoot } = await import('react-dom/client');

/** Make a change and let React render its effects. */
export const acted = (change) =>
  act(async () => {
    change();
    await settled();
  });

/** Render an element. Returns its container, and `unmount()`. */
export async function rendered(element) {
  const container = window.document.body.appendChild(window.document.createElement('div'));
  const root = createRoot(container);
  await acted(() => root.render(element));
  return {
    container,
    unmount: () => acted(() => root.unmount()),
  };
}

/** Set the text of an input as typing does, because React ignores a value that a script assigns. */
export function typed(input, text) {
  const { set } = Object.getOwnPropertyDescriptor(window.HTMLInputElement.prototype, 'value');
  return acted(() => {
    set.call(input, text);
    input.dispatchEvent(new window.Event('input', { bubbles: true }));
  });
}
