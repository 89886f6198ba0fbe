import { draw, html, icon, made } from '../html.js';
import { duration } from '../format.js';
import { gettext } from '../i18n.js';

const LONGEST = 5 * 60_000;
const TICK = 250;

/** The preferred types of a voice note: AAC in MP4 plays everywhere, Opus in WebM in most browsers. */
const TYPES = ['audio/mp4;codecs=mp4a.40.2', 'audio/webm;codecs=opus', 'audio/ogg;codecs=opus', 'audio/mp4'];
const ENDINGS = { 'audio/mp4': 'm4a', 'audio/webm': 'webm', 'audio/ogg': 'ogg' };

/** Whether this browser can record. Browsers offer the microphone to secure pages only. */
export const canRecord = Boolean(globalThis.MediaRecorder && navigator.mediaDevices?.getUserMedia);

/** Records a voice note of at most five minutes. It replaces the controls of the composer while it records. */
export class Recorder {
  #onDone;
  #onChange;
  #recorder = null;
  #stream = null;
  #startedAt = 0;
  #timer = null;
  #isKept = true;
  fault = '';
  element = made(html`<div class="recorder" role="group" aria-label=${gettext('Voice note')}></div>`);

  /** `onDone(file)` gets the recording; `onChange()` is called when recording begins or ends. */
  constructor({ onDone, onChange }) {
    this.#onDone = onDone;
    this.#onChange = onChange;
  }

  get isRecording() {
    return this.#recorder !== null;
  }

  async start() {
    if (this.#stream) return;
    this.fault = '';
    try {
      this.#stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      this.#begin(TYPES.find((type) => MediaRecorder.isTypeSupported(type)));
    } catch (fault) {
      this.#end();
      this.fault = inWords(fault);
      this.#onChange();
    }
  }

  /** Stop and keep the recording, or with `false` discard it. */
  stop(isKept = true) {
    this.#isKept = isKept;
    if (this.#recorder?.state === 'recording') this.#recorder.stop();
  }

  #begin(mimeType) {
    const recorder = new MediaRecorder(this.#stream, mimeType ? { mimeType } : {});
    const parts = [];
    recorder.addEventListener('dataavailable', ({ data }) => parts.push(data));
    recorder.addEventListener('stop', () => this.#stopped(parts, recorder.mimeType));
    // Without slices: the browser then writes the length into the file.
    recorder.start();
    [this.#recorder, this.#isKept, this.#startedAt] = [recorder, true, Date.now()];
    this.#timer = setInterval(() => this.#tick(), TICK);
    addEventListener('beforeunload', this.#ask);
    this.#onChange();
    this.#draw();
    this.element.querySelector('.recorder-stop').focus();
  }

  #ask = (event) => event.preventDefault();

  #tick() {
    if (Date.now() - this.#startedAt >= LONGEST) this.stop();
    else this.#draw();
  }

  #stopped(parts, mimeType) {
    this.#end();
    const type = mimeType.split(';')[0];
    const blob = new Blob(parts, { type });
    if (this.#isKept && blob.size) {
      this.#onDone(new File([blob], `${gettext('voice-note')}.${ENDINGS[type] ?? 'webm'}`, { type }));
    }
    this.#onChange();
  }

  #end() {
    clearInterval(this.#timer);
    removeEventListener('beforeunload', this.#ask);
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    [this.#stream, this.#recorder] = [null, null];
  }

  #draw() {
    const seconds = (Date.now() - this.#startedAt) / 1000;
    draw(
      this.element,
      html`<span class="recorder-dot" aria-hidden="true"></span>
        <span class="recorder-time" role="timer">${duration(seconds)} / ${duration(LONGEST / 1000)}</span>
        <button type="button" class="button secondary" @click=${() => this.stop(false)}>
          ${icon('trash-2')}${gettext('Discard')}
        </button>
        <button type="button" class="button recorder-stop" @click=${() => this.stop()}>
          ${icon('square')}${gettext('Stop')}
        </button>`,
    );
  }
}

function inWords({ name, message }) {
  if (name === 'NotAllowedError') return gettext('The browser does not allow this page to use the microphone.');
  return name === 'NotFoundError' ? gettext('No microphone was found.') : message;
}
