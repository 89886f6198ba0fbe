import { fill, h, icon, iconButton, onceAtATime } from './dom.js';
import { inWords } from './faults.js';
import { size } from './format.js';
import { filled, gettext } from './i18n.js';

/**
 * The files of a message; a picture is shown small, everything is fetched in the reader's own name. `context` is
 * `{session, onFault}`.
 */
export function attachmentList(attachments, context) {
  return h(
    'ul',
    { class: 'attachments' },
    attachments.map((one) => h('li', {}, attachment(one, context))),
  );
}

function attachment(one, { session, onFault }) {
  const fetched = () => session.file(one.url).then((blob) => keep(blob, one.name), onFault);
  const save = ({ currentTarget }) => void onceAtATime(currentTarget, fetched);
  const button = h(
    'button',
    { type: 'button', class: 'attachment', onclick: save },
    h('span', { class: 'visually-hidden' }, `${gettext('Download')} `),
  );
  if (one.thumbnail_url) {
    const image = h('img', { alt: '', loading: 'lazy', class: 'thumbnail' });
    whenVisible(button, async () => (image.src = await pictureOf(one, session)));
    button.append(image);
  } else button.append(icon('file-text'));
  button.append(h('span', {}, h('span', { class: 'name' }, one.name), h('small', {}, size(one.size))));
  return button;
}

const pictures = new Map();

/** The address of a small picture, fetched once however often its message is drawn. */
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

function keep(blob, name) {
  const link = h('a', { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** Files being chosen: uploaded at once, shown with what they are at; those that are there are in `attachments`. */
export class AttachmentPicker {
  #client;
  #onChange;
  #files = [];
  element = h('ul', { class: 'attachments chosen', hidden: true });

  constructor(client, onChange = () => {}) {
    this.#client = client;
    this.#onChange = onChange;
    this.input = h('input', {
      type: 'file',
      multiple: true,
      hidden: true,
      tabindex: -1,
      'aria-hidden': 'true',
      onchange: () => {
        for (const file of this.input.files) void this.add(file);
        this.input.value = '';
      },
    });
  }

  get attachments() {
    return this.#files.filter((one) => one.attachment).map((one) => one.attachment);
  }

  get isBusy() {
    return this.#files.some((one) => !one.attachment && !one.fault);
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
    fill(
      this.element,
      this.#files.map((one) => this.#line(one)),
    );
    this.#onChange();
  }

  #line(one) {
    const state = one.fault || (one.attachment ? size(one.file.size) : gettext('Uploading …'));
    const remove = () => {
      this.#files = this.#files.filter((other) => other !== one);
      this.#show();
    };
    return h(
      'li',
      { class: one.fault ? 'chip failed' : 'chip' },
      icon(one.fault ? 'circle-alert' : 'paperclip'),
      h('span', {}, h('span', { class: 'name' }, one.file.name), h('small', {}, state)),
      iconButton('x', filled(gettext('Remove %(name)s'), { name: one.file.name }), remove),
    );
  }
}
