import { dialog } from '../dialog.js';
import { html, icon, iconButton, nothing, notice, onceAtATime, uniqueId } from '../html.js';
import { inWords } from '../faults.js';
import { size } from '../format.js';
import { filled, gettext, isolated } from '../i18n.js';

const LONGEST = 500;
const previews = new WeakMap();

/** Return the list of files on their way, each with its progress and its buttons. `desk` is their `Desk`. */
export function chips(uploads, desk, { canDescribe = true } = {}) {
  return html`<ul class="attachments chosen" aria-label=${gettext('Chosen files')}>
    ${uploads.map((one) => chip(one, desk, canDescribe))}
  </ul>`;
}

function chip(upload, desk, canDescribe) {
  const { state, name } = upload;
  const button = (symbol, label, work) => iconButton(symbol, filled(label, { name: isolated(name) }), work);
  const controls = {
    waiting: () => button('pause', gettext('Pause %(name)s'), () => upload.pause()),
    sending: () => button('pause', gettext('Pause %(name)s'), () => upload.pause()),
    paused: () => button('play', gettext('Continue %(name)s'), () => upload.start()),
    failed: () => button('refresh-cw', gettext('Try %(name)s again'), () => upload.start()),
    sent: () => nothing,
  };
  const describe = () => void describing(upload);
  const isDescribed = canDescribe && state !== 'failed' && !upload.isVoice;
  return html`<li class="chip ${state}">
    ${preview(upload)}
    <span class="chip-text">
      <span class="name"><bdi>${name}</bdi></span>
      <small>${words(upload)}</small>
      ${
        upload.attachment?.metadata_removed
          ? html`<small>${gettext('Location and camera details were removed.')}</small>`
          : nothing
      }
      ${upload.isUnderWay ? bar(upload) : nothing}
    </span>
    ${isDescribed ? button('captions', gettext('Describe %(name)s'), describe) : nothing} ${controls[state]()}
    ${button('x', gettext('Remove %(name)s'), () => desk.remove(upload))}
  </li>`;
}

function bar({ progress, name }) {
  const label = filled(gettext('Upload of %(name)s'), { name: isolated(name) });
  return html`<progress max="1" .value=${progress} aria-label=${label}></progress>`;
}

function words({ state, fault, progress, size: bytes, attachment }) {
  const percent = Math.floor(progress * 100);
  if (state === 'failed') return inWords(fault);
  if (state === 'waiting') return fault ? gettext('Waiting for the connection …') : gettext('Waiting …');
  if (state === 'paused') return filled(gettext('Paused at %(percent)s %'), { percent });
  if (state === 'sending') {
    return filled(gettext('Uploading … %(percent)s % of %(size)s'), { percent, size: size(bytes) });
  }
  return (
    { refused: gettext('This file was refused.'), pending: gettext('This file is being checked.') }[
      attachment.status
    ] ?? size(bytes)
  );
}

function preview(upload) {
  const { file, state, isVoice } = upload;
  if (state === 'failed') return icon('circle-alert');
  if (file && isVoice) return html`<audio controls src=${addressOf(file)} aria-label=${gettext('Voice note')}></audio>`;
  if (file && /^image\/(jpeg|png|gif|webp|avif)$/.test(file.type)) {
    return html`<img class="thumbnail" alt="" src=${addressOf(file)} />`;
  }
  return icon('paperclip');
}

function addressOf(file) {
  if (!previews.has(file)) previews.set(file, URL.createObjectURL(file));
  return previews.get(file);
}

/** Open the dialog that describes a file for people who cannot see it. */
async function describing(upload) {
  const [id, hint] = [uniqueId('alt'), uniqueId('hint')];
  let fault = '';
  await dialog(filled(gettext('Describe %(name)s'), { name: isolated(upload.name) }), (close, redraw) => {
    const store = async (form) => {
      fault = '';
      redraw();
      try {
        await upload.describe(form.elements.alt.value.trim());
        close();
      } catch (refusal) {
        fault = inWords(refusal);
        redraw();
      }
    };
    const submitted = (event) => {
      event.preventDefault();
      const form = event.currentTarget;
      void onceAtATime(form.querySelector('[type=submit]'), () => store(form));
    };
    return html`<form class="action-form" @submit=${submitted}>
      ${notice(fault)}
      <div class="field">
        <label for=${id}>${gettext('Description')}</label>
        <textarea
          class="input"
          id=${id}
          name="alt"
          rows="3"
          maxlength=${LONGEST}
          aria-describedby=${hint}
          .defaultValue=${upload.alt}
        ></textarea>
        <p class="hint" id=${hint}>${gettext('Read out to people who cannot see the file.')}</p>
      </div>
      <p class="buttons"><button type="submit" class="button">${gettext('Save')}</button></p>
    </form>`;
  });
}
