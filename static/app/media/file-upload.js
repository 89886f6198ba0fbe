import { ConnectionLost, Refused } from 'stoory-client';

import { abandon, sendFile } from './transport.js';

const PAUSES = [1_000, 2_000, 4_000, 8_000, 15_000];
const TRIES = 6;
const AT_ONCE = 3;

let running = 0;
const waiting = [];

/** Wait for one of the places for running uploads. Returns a function that gives the place back. */
async function place() {
  if (running >= AT_ONCE) await new Promise((done) => waiting.push(done));
  running += 1;
  return () => {
    running -= 1;
    waiting.shift()?.();
  };
}

/**
 * A chosen file on its way to the server.
 *
 * `state` is `waiting` (for its turn or for the connection), `sending`, `paused`, `sent` (`attachment` is the file as
 * the server knows it) or `failed` (`fault` says why). `progress` is from 0 to 1. `facts` is what has to be kept,
 * beside the file, so that the upload survives a reload.
 */
export class FileUpload {
  #client;
  #onChange;
  #onFacts;
  #stop = null;
  #sentBytes = 0;
  state = 'waiting';
  fault = null;
  attachment = null;

  /**
   * `facts` are `{key, order, name, isVoice, alt, address, attachment}`. `onChange(upload)` is called after each
   * change, `onFacts(upload)` after a change of the facts.
   */
  constructor(file, facts, { client, onChange, onFacts }) {
    this.#client = client;
    this.#onChange = onChange;
    this.#onFacts = onFacts;
    Object.assign(this, { file, alt: '', address: null, isVoice: false, ...facts });
    if (this.attachment) this.state = 'sent';
  }

  get facts() {
    const { key, order, name, isVoice, alt, address, attachment } = this;
    return { key, order, name, isVoice, alt, address, attachment };
  }

  get size() {
    return this.attachment?.size ?? this.file.size;
  }

  get progress() {
    if (this.state === 'sent') return 1;
    return this.file.size ? this.#sentBytes / this.file.size : 0;
  }

  get isUnderWay() {
    return this.state === 'waiting' || this.state === 'sending' || this.state === 'paused';
  }

  /** Begin, or go on after a pause or a failure. */
  start() {
    if (this.state === 'sent' || (this.#stop && !this.#stop.signal.aborted)) return;
    this.#stop = new AbortController();
    void this.#run(this.#stop.signal);
  }

  pause() {
    this.#stop?.abort();
    this.#change('paused');
  }

  /** Stop for good. */
  cancel() {
    this.#stop?.abort();
    if (this.address && this.state !== 'sent') void abandon(this.address, this.#client.session);
  }

  /** Store the description of the file, at once or as soon as the file is sent. Raises the errors of `describe`. */
  async describe(alt) {
    if (this.attachment) this.attachment = await this.#client.files.describe(this.attachment.id, alt);
    this.alt = alt;
    this.#onFacts(this);
    this.#onChange(this);
  }

  async #run(signal) {
    for (let tries = 1; !signal.aborted; tries += 1) {
      this.#change('waiting');
      const leave = await place();
      try {
        if (signal.aborted) return;
        this.#change('sending');
        this.attachment = await this.#send(signal);
        this.#onFacts(this);
        this.#change('sent');
        return;
      } catch (fault) {
        if (signal.aborted) return;
        if (!canPass(fault, tries)) {
          this.#stop.abort();
          this.#change('failed', fault);
          return;
        }
        this.#change('waiting', fault);
      } finally {
        leave();
      }
      await this.#wait(PAUSES[Math.min(tries, PAUSES.length) - 1], signal);
    }
  }

  async #send(signal) {
    const { session, files } = this.#client;
    const { isVoice, address } = this;
    const attachment = await sendFile(this.file, {
      session,
      files,
      isVoice,
      address,
      signal,
      onAddress: (given) => {
        this.address = given;
        this.#onFacts(this);
      },
      onProgress: (bytes) => {
        this.#sentBytes = bytes;
        this.#onChange(this);
      },
    });
    // The user can have described the file during the upload.
    return this.alt ? files.describe(attachment.id, this.alt) : attachment;
  }

  /** Wait, but not longer than until the device is online again or the upload is stopped. */
  async #wait(milliseconds, signal) {
    await new Promise((done) => {
      setTimeout(done, milliseconds);
      globalThis.addEventListener('online', done, { once: true, signal });
      signal.addEventListener('abort', done, { once: true });
    });
  }

  #change(state, fault = null) {
    this.state = state;
    this.fault = fault;
    this.#onChange(this);
  }
}

function canPass(fault, tries) {
  if (fault instanceof ConnectionLost) return true;
  return (
    fault instanceof Refused && (fault.isTemporary || [401, 409, 423, 460].includes(fault.status)) && tries < TRIES
  );
}
