import { draw, html, icon, made, nothing, onceAtATime } from '../html.js';
import { duration } from '../format.js';
import { filled, gettext, isolated } from '../i18n.js';
import { ratioOf } from './picture.js';
import { placeholder } from './placeholder.js';
import { save } from './save.js';
import { whenVisible } from './visible.js';

/** The most links that are asked for while nothing can be played. */
const TRIES = 2;

/**
 * A video or an audio recording of a message. Its address expires, so a new one is asked for before that, and the
 * player goes on at the same place. A browser that cannot play the file offers it for download.
 */
export class Player {
  #attachment;
  #files;
  #link = null;
  #timer = null;
  #tries = 0;
  #fault = null;
  #poster;
  media;
  element;

  constructor(attachment, { files }) {
    this.#attachment = attachment;
    this.#files = files;
    const isVideo = attachment.kind === 'video';
    const label = attachment.alt || attachment.name;
    this.media = made(
      isVideo
        ? html`<video controls playsinline preload="none" aria-label=${label}></video>`
        : html`<audio controls preload="none" aria-label=${label}></audio>`,
    );
    this.#poster = isVideo ? placeholder(attachment.placeholder) : null;
    const style = isVideo ? `--ratio: ${ratioOf(attachment)}; --width: ${attachment.width ?? 320}px` : '';
    this.element = made(html`<div class="player ${attachment.kind}" .style=${style}></div>`);
    this.media.addEventListener('play', () => void this.#renewIfOld());
    this.media.addEventListener('seeking', () => void this.#renewIfOld());
    this.media.addEventListener('error', () => void this.#hasFailed());
    this.media.addEventListener('playing', () => {
      this.#tries = 0;
      this.#poster = null;
      this.#show();
    });
    this.#show();
    whenVisible(this.element, () => void this.#begin());
  }

  /** Stop playing and asking for links. */
  dispose() {
    clearTimeout(this.#timer);
    this.media.pause();
    this.media.removeAttribute('src');
    this.media.load();
  }

  async #begin() {
    const { id, kind, thumbnail_url: small } = this.#attachment;
    try {
      if (kind === 'video' && small) this.media.poster = (await this.#files.link(id, { thumbnail: true })).url;
      await this.#load();
    } catch {
      this.#fail();
    }
  }

  async #load() {
    this.#link = await this.#files.link(this.#attachment.id);
    this.media.src = this.#link.url;
    this.#schedule();
  }

  #schedule() {
    clearTimeout(this.#timer);
    const rest = Math.max(this.#link.renewAt - Date.now(), 1000);
    this.#timer = setTimeout(() => void this.#isDue(), rest);
  }

  /** While it plays, renew the link before it expires; otherwise wait until the user plays it again. */
  async #isDue() {
    if (!this.media.paused && !this.#isBuffered) await this.#renewIfOld();
  }

  get #isBuffered() {
    const { buffered, duration: whole, currentTime } = this.media;
    for (let part = 0; part < buffered.length; part += 1) {
      if (buffered.start(part) <= currentTime && buffered.end(part) >= whole - 0.1) return true;
    }
    return false;
  }

  async #renewIfOld() {
    if (!this.#link || Date.now() < this.#link.renewAt || this.#isBuffered) return;
    try {
      await this.#goOn();
    } catch {
      // The old address may still work; if it does not, the error of the player follows.
      this.#schedule();
    }
  }

  /** Take a new address, and go on at the same place. */
  async #goOn() {
    const { currentTime, paused, playbackRate } = this.media;
    const link = await this.#files.link(this.#attachment.id);
    if (link === this.#link) return;
    this.#link = link;
    this.media.src = link.url;
    this.media.currentTime = currentTime;
    this.media.playbackRate = playbackRate;
    this.#schedule();
    if (!paused) await this.media.play().catch(() => {});
  }

  async #hasFailed() {
    const { error } = this.media;
    if (!error || !this.media.hasAttribute('src')) return;
    this.#tries += 1;
    if (this.#tries > TRIES) {
      this.#fail();
      return;
    }
    this.#files.forget(this.#attachment.id);
    await this.#goOn().catch(() => this.#fail());
  }

  #fail() {
    this.#fault = navigator.onLine
      ? gettext('Your browser cannot play this file.')
      : gettext('The server cannot be reached right now.');
    this.#show();
  }

  #again = () => {
    this.#tries = 0;
    this.#fault = null;
    this.#files.forget(this.#attachment.id);
    this.#show();
    void this.#load().catch(() => this.#fail());
  };

  #show() {
    draw(this.element, this.#fault ? this.#failed : html`${this.#poster ?? nothing} ${this.media} ${this.#caption}`);
  }

  get #caption() {
    const { kind, name, duration: seconds } = this.#attachment;
    if (kind === 'video') return nothing;
    const words = kind === 'voice' ? gettext('Voice note') : name;
    return html`<p class="player-caption">
      <span class="name"><bdi>${words}</bdi></span
      >${seconds ? html`<span>${duration(seconds)}</span>` : nothing}
    </p>`;
  }

  get #failed() {
    const { name } = this.#attachment;
    const download = ({ currentTarget }) =>
      void onceAtATime(currentTarget, () => save(this.#files, this.#attachment).catch(() => this.#fail()));
    return html`<p class="hint">${this.#fault}</p>
      <p class="buttons">
        <button
          type="button"
          class="button secondary"
          aria-label=${filled(gettext('Download %(name)s'), { name: isolated(name) })}
          @click=${download}
        >
          ${icon('download')}${gettext('Download')}
        </button>
        <button type="button" class="link" @click=${this.#again}>${gettext('Try again')}</button>
      </p>`;
  }
}
