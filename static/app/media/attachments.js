import { html, icon, nothing, onceAtATime } from '../html.js';
import { size } from '../format.js';
import { gettext } from '../i18n.js';
import { Lightbox } from './lightbox.js';
import { PictureTile } from './picture.js';
import { Player } from './player.js';
import { save } from './save.js';

/** The most pictures of an album that are shown as tiles; the others are in the lightbox. */
const TILES = 6;

/**
 * Shows the files of messages: pictures as an album, video and audio as players, all others as cards. The elements of a
 * file are kept while the conversation is shown, so that a player goes on when its message is drawn again.
 */
export class Attachments {
  #files;
  #onFault;
  #shown = new Map();

  /** `onFault(fault)` is called if a download fails. */
  constructor(files, { onFault }) {
    this.#files = files;
    this.#onFault = onFault;
  }

  /** Stop all players. */
  dispose() {
    for (const one of this.#shown.values()) one.dispose?.();
    this.#shown.clear();
  }

  /** Return the files of a message. */
  list(attachments) {
    if (!attachments.length) return nothing;
    const ready = attachments.filter((one) => (one.status ?? 'ready') === 'ready');
    const pictures = ready.filter((one) => one.kind === 'picture');
    const others = attachments.filter((one) => !pictures.includes(one));
    const cleaned = ready.filter((one) => one.metadata_removed).length;
    return html`<div class="files">
      ${pictures.length ? this.#album(pictures) : nothing}
      ${
        others.length
          ? html`<ul class="attachments">
              ${others.map((one) => html`<li class="file-${one.kind ?? 'file'}">${this.#one(one)}</li>`)}
            </ul>`
          : nothing
      }
      ${cleaned ? removed() : nothing}
    </div>`;
  }

  #album(pictures) {
    const shown = pictures.slice(0, TILES);
    const left = pictures.length - shown.length;
    const tile = (one, at) =>
      html`<li>
        ${this.#kept(one, () => new PictureTile(one, this.#options(pictures, at)))}
        ${left && at === TILES - 1 ? html`<span class="album-more" aria-hidden="true">+${left}</span>` : nothing}
      </li>`;
    return html`<ul class=${pictures.length > 1 ? 'album' : 'album single'}>
      ${shown.map(tile)}
    </ul>`;
  }

  #options(pictures, at) {
    return { files: this.#files, onOpen: () => new Lightbox(pictures, at, this.#files).open() };
  }

  #one(attachment) {
    const { status = 'ready', kind } = attachment;
    if (status === 'ready' && ['video', 'audio', 'voice'].includes(kind)) {
      return this.#kept(attachment, () => new Player(attachment, { files: this.#files }));
    }
    return this.#card(attachment);
  }

  #kept(attachment, create) {
    const { id } = attachment;
    if (!this.#shown.has(id)) this.#shown.set(id, create());
    return this.#shown.get(id).element;
  }

  #card(attachment) {
    const { name, size: bytes, status = 'ready' } = attachment;
    if (status !== 'ready') return held(attachment);
    const download = ({ currentTarget }) =>
      void onceAtATime(currentTarget, () => save(this.#files, attachment).catch(this.#onFault));
    return html`<button type="button" class="attachment" @click=${download}>
      <span class="visually-hidden">${gettext('Download')} </span>
      ${icon('file-text')}
      <span
        ><span class="name"><bdi>${name}</bdi></span
        ><small>${typeOf(attachment)} · ${size(bytes)}</small></span
      >
    </button>`;
  }
}

/** Return the card of a file that nobody but its owner can read. */
function held({ name, status }) {
  const isRefused = status === 'refused';
  const words = isRefused ? gettext('This file was refused.') : gettext('This file is being checked.');
  return html`<p class=${isRefused ? 'attachment held refused' : 'attachment held'}>
    ${icon(isRefused ? 'circle-alert' : 'hourglass')}
    <span
      ><span class="name"><bdi>${name}</bdi></span
      ><small>${words}</small></span
    >
  </p>`;
}

/** Return the note that private data were removed from a file. */
export function removed() {
  return html`<p class="hint">${gettext('Location and camera details were removed.')}</p>`;
}

/** Return the type of a file in a few letters, such as `PDF`. */
export function typeOf({ name, content_type: type }) {
  const ending =
    /\.([a-z0-9]{1,5})$/i.exec(name)?.[1] ??
    type
      ?.split('/')[1]
      ?.split(/[.+;-]/)
      .at(-1) ??
    '';
  return ending.toUpperCase() || gettext('File');
}
