/** React components in a document, without a browser. */

import { Window } from 'happy-dom';
import { act } from 'react';

import { settled } from './fakes.js';

// React looks for these when it is loaded.
const window = new Window();
Object.assign(globalThis, { window, document: window.document, IS_REACT_ACT_ENVIRONMENT: true });
globalThis.navigator ??= window.navigator; // Node has its own from 21 on
const { createRoot } = await import('react-dom/client');

/** Do something, and let React show what follows from it. */
export const acted = (change) =>
  act(async () => {
    change();
    await settled();
  });

/** Show an element. Returns the node that it is shown in, and `unmount()`. */
export async function rendered(element) {
  const container = window.document.body.appendChild(window.document.createElement('div'));
  const root = createRoot(container);
  await acted(() => root.render(element));
  return {
    container,
    unmount: () => acted(() => root.unmount()),
  };
}

/** Type a text into an input, as a person does: React takes no notice of a value that a script sets. */
export function typed(input, text) {
  const { set } = Object.getOwnPropertyDescriptor(window.HTMLInputElement.prototype, 'value');
  return acted(() => {
    set.call(input, text);
    input.dispatchEvent(new window.Event('input', { bubbles: true }));
  });
}
