import { draw, html, icon, made, nothing } from '../html.js';
import { filled, gettext, isolated } from '../i18n.js';
import { placeholder } from './placeholder.js';
import { whenVisible } from './visible.js';

/** The width to height of a picture whose size is unknown, and the limits of what is shown. */
const UNKNOWN = 4 / 3;
const [NARROWEST, WIDEST] = [9 / 21, 3];

/** Return the width to height of the place that is reserved for a picture or video. */
export function ratioOf({ width, height }) {
  return width && height ? Math.min(WIDEST, Math.max(NARROWEST, width / height)) : UNKNOWN;
}

/**
 * A picture of a message: a button that opens it, with the reserved place, the blurred placeholder and the small
 * picture, which is fetched when it comes into view.
 */
export class PictureTile {
  #attachment;
  #files;
  #placeholder;
  #image = made(html`<img alt="" decoding="async" hidden />`);
  element;

  constructor(attachment, { files, onOpen }) {
    this.#attachment = attachment;
    this.#files = files;
    const { width, height } = attachment;
    const style = `--ratio: ${ratioOf(attachment)}; --width: ${width ?? 320}px`;
    const classes = width && height ? 'picture' : 'picture unknown';
    this.element = made(
      html`<button type="button" class=${classes} .style=${style} aria-label=${this.#label} @click=${onOpen}></button>`,
    );
    this.#image.addEventListener('load', () => this.#show('shown'));
    this.#image.addEventListener('error', () => this.#show('failed'));
    this.#placeholder = placeholder(attachment.placeholder);
    this.#show('waiting');
    whenVisible(this.element, () => void this.#load());
  }

  get #label() {
    const { alt, name } = this.#attachment;
    return filled(gettext('Open the picture: %(name)s'), { name: isolated(alt || name) });
  }

  async #load() {
    const { id, thumbnail_url: small } = this.#attachment;
    try {
      this.#image.src = (await this.#files.link(id, { thumbnail: Boolean(small) })).url;
    } catch {
      this.#show('failed');
    }
  }

  #show(state) {
    this.#image.hidden = state !== 'shown';
    const missing = html`<span class="picture-missing"
      >${icon('file-text')}<span>${this.#attachment.name}</span></span
    >`;
    draw(
      this.element,
      html`${state === 'shown' ? nothing : this.#placeholder} ${this.#image} ${state === 'failed' ? missing : nothing}`,
    );
  }
}
