import { html, made } from '../html.js';

/** Save a file on the user's device. Raises `Refused`, `ConnectionLost` or `SignedOut`. */
export async function save(files, { id, name }) {
  const { url } = await files.link(id, { download: true });
  made(html`<a href=${url} download=${name}></a>`).click();
}
