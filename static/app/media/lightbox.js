import { draw, html, icon, iconButton, made, nothing, onceAtATime } from '../html.js';
import { inWords } from '../faults.js';
import { filled, gettext, isolated } from '../i18n.js';
import { loading } from '../loading.js';
import { save } from './save.js';

/** The shortest swipe, in pixels. */
const SWIPE = 50;

/** Shows the pictures of a message one at a time, over the whole page: by keyboard, by swiping, and with a download. */
export class Lightbox {
  #pictures;
  #files;
  #at;
  #from = null;
  #fault = '';
  #image = null;
  #element = made(
    html`<dialog
      class="lightbox"
      aria-label=${gettext('Pictures')}
      @keydown=${(event) => this.#pressed(event)}
      @pointerdown=${(event) => this.#down(event)}
      @pointerup=${(event) => this.#up(event)}
      @close=${() => this.#element.remove()}
    ></dialog>`,
  );

  constructor(pictures, at, files) {
    this.#pictures = pictures;
    this.#files = files;
    this.#at = at;
  }

  open() {
    document.body.append(this.#element);
    this.#element.showModal();
    void this.#go(this.#at);
  }

  async #go(at) {
    this.#at = Math.min(Math.max(at, 0), this.#pictures.length - 1);
    const picture = this.#pictures[this.#at];
    [this.#fault, this.#image] = ['', null];
    this.#draw();
    try {
      const { url } = await this.#files.link(picture.id);
      const image = made(html`<img alt=${picture.alt || picture.name} src=${url} draggable="false" />`);
      await image.decode().catch(() => {
        throw new Error(gettext('Your browser cannot show this picture.'));
      });
      if (picture === this.#pictures[this.#at]) this.#image = image;
    } catch (fault) {
      if (picture === this.#pictures[this.#at]) this.#fault = inWords(fault);
    }
    this.#draw();
  }

  #pressed(event) {
    const forwards = document.documentElement.dir === 'rtl' ? 'ArrowLeft' : 'ArrowRight';
    const backwards = forwards === 'ArrowLeft' ? 'ArrowRight' : 'ArrowLeft';
    const last = this.#pictures.length - 1;
    const to = { [forwards]: this.#at + 1, [backwards]: this.#at - 1, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    if (to >= 0 && to <= last && to !== this.#at) void this.#go(to);
  }

  #down({ clientX, isPrimary, target }) {
    this.#from = isPrimary && !target.closest('button') ? clientX : null;
  }

  #up({ clientX }) {
    if (this.#from === null) return;
    const moved = clientX - this.#from;
    this.#from = null;
    if (Math.abs(moved) < SWIPE) return;
    const isForwards = moved < 0 === (document.documentElement.dir !== 'rtl');
    const to = this.#at + (isForwards ? 1 : -1);
    if (to >= 0 && to < this.#pictures.length) void this.#go(to);
  }

  #draw() {
    const picture = this.#pictures[this.#at];
    const count = this.#pictures.length;
    const place = filled(gettext('Picture %(n)s of %(count)s'), { n: this.#at + 1, count });
    const download = ({ currentTarget }) => void onceAtATime(currentTarget, () => this.#save(picture));
    draw(
      this.#element,
      html`<header>
          <p class="lightbox-place" aria-live="polite">${count > 1 ? place : nothing}</p>
          <button
            type="button"
            class="icon-button"
            aria-label=${filled(gettext('Download %(name)s'), { name: isolated(picture.name) })}
            title=${gettext('Download')}
            @click=${download}
          >
            ${icon('download')}
          </button>
          ${iconButton('x', gettext('Close'), () => this.#element.close())}
        </header>
        <div class="lightbox-picture">
          ${this.#step(-1)}
          ${this.#fault ? html`<p class="notice" role="alert">${this.#fault}</p>` : (this.#image ?? loading())}
          ${this.#step(1)}
        </div>
        <p class="lightbox-alt" ?hidden=${!picture.alt}>${picture.alt}</p>`,
    );
  }

  #step(by) {
    const to = this.#at + by;
    if (to < 0 || to >= this.#pictures.length) return html`<span class="lightbox-step"></span>`;
    const [name, label] =
      by > 0 ? ['chevron-right', gettext('Next picture')] : ['chevron-left', gettext('Previous picture')];
    return iconButton(name, label, () => void this.#go(to), 'lightbox-step');
  }

  async #save(picture) {
    await save(this.#files, picture).catch((fault) => {
      this.#fault = inWords(fault);
      this.#draw();
    });
  }
}
