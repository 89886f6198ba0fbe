import { html, made } from './html.js';

/** Save a file on the user's device. */
export function saveFile(blob, name) {
  const link = made(html`<a href=${URL.createObjectURL(blob)} download=${name}></a>`);
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
