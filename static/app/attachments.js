import { saveFile } from './download.js';
import { draw, html, icon, iconButton, made, nothing, onceAtATime } from './html.js';
import { inWords } from './faults.js';
import { size } from './format.js';
import { filled, gettext, isolated } from './i18n.js';

/**
 * Return the list of a message's files, with thumbnails of pictures. Files are fetched with the access token of
 * `session`. `context` is `{session, onFault}`.
 */
export function attachmentList(attachments, context) {
  if (!attachments.length) return nothing;
  return html`<ul class="attachments">
    ${attachments.map((one) => html`<li>${attachment(one, context)}</li>`)}
  </ul>`;
}

function attachment(one, { session, onFault }) {
  const fetched = () => session.file(one.url).then((blob) => saveFile(blob, one.name), onFault);
  const save = ({ currentTarget }) => void onceAtATime(currentTarget, fetched);
  return html`<button type="button" class="attachment" @click=${save}>
    <span class="visually-hidden">${gettext('Download')} </span>
    ${one.thumbnail_url ? thumbnail(one, session) : icon('file-text')}
    <span><span class="name">${one.name}</span><small>${size(one.size)}</small></span>
  </button>`;
}

function thumbnail(one, session) {
  const image = made(html`<img alt="" loading="lazy" class="thumbnail" />`);
  whenVisible(image, async () => (image.src = await pictureOf(one, session)));
  return image;
}

const pictures = new Map();

/** Return the URL of a thumbnail. It is fetched once, even if its message is drawn again. */
function pictureOf({ id, thumbnail_url: address }, session) {
  if (!pictures.has(id)) {
    const picture = session.file(address).then((blob) => URL.createObjectURL(blob));
    pictures.set(id, picture);
    picture.catch(() => pictures.delete(id));
  }
  return pictures.get(id);
}

function whenVisible(element, work) {
  const observer = new IntersectionObserver(([entry]) => {
    if (!entry.isIntersecting) return;
    observer.disconnect();
    work().catch(() => {});
  });
  observer.observe(element);
}

/** The files that the user has chosen. They are uploaded at once; `attachments` has the uploaded files. */
export class AttachmentPicker {
  #client;
  #onChange;
  #files = [];
  element = made(html`<ul class="attachments chosen" hidden></ul>`);
  input = made(
    html`<input type="file" multiple hidden tabindex="-1" aria-hidden="true" @change=${() => this.#chosen()} />`,
  );

  constructor(client, onChange = () => {}) {
    this.#client = client;
    this.#onChange = onChange;
  }

  get attachments() {
    return this.#files.filter((one) => one.attachment).map((one) => one.attachment);
  }

  get isBusy() {
    return this.#files.some((one) => !one.attachment && !one.fault);
  }

  #chosen() {
    for (const file of this.input.files) void this.add(file);
    this.input.value = '';
  }

  async add(file) {
    const one = { file, attachment: null, fault: '' };
    this.#files.push(one);
    this.#show();
    try {
      one.attachment = await this.#client.upload(file);
    } catch (fault) {
      one.fault = inWords(fault);
    }
    this.#show();
  }

  clear() {
    this.#files = [];
    this.#show();
  }

  #show() {
    this.element.hidden = !this.#files.length;
    draw(this.element, html`${this.#files.map((one) => this.#line(one))}`);
    this.#onChange();
  }

  #line(one) {
    const state = one.fault || (one.attachment ? size(one.file.size) : gettext('Uploading …'));
    const remove = () => {
      this.#files = this.#files.filter((other) => other !== one);
      this.#show();
    };
    return html`<li class=${one.fault ? 'chip failed' : 'chip'}>
      ${icon(one.fault ? 'circle-alert' : 'paperclip')}
      <span><span class="name">${one.file.name}</span><small>${state}</small></span>
      ${iconButton('x', filled(gettext('Remove %(name)s'), { name: isolated(one.file.name) }), remove)}
    </li>`;
  }
}
