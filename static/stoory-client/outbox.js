import { passes, Refused } from './errors.js';
import { pauseAfter } from './query.js';

const TRIES = 6;

/**
 * The unsent messages of a conversation: shown at once, and sent one after the other in the order of writing.
 *
 * A retry sends the same `client_message_id`, so the server stores the message once. Without a connection a message
 * waits. A message that the server rejects is `failed` until it is retried or discarded. With a storage, the messages
 * survive a reload.
 */
export class Outbox {
  #send;
  #onChange;
  #isOnline;
  #storage;
  #newId;
  #key;
  #isBusy = false;
  #timer = null;
  entries = [];

  /**
   * `send(entry)` posts one message and returns a promise; `storage` has the interface of `localStorage`; `newId()`
   * returns a new `client_message_id`.
   */
  constructor({ send, onChange, isOnline, storage, newId = randomId, key }) {
    Object.assign(this, { entries: JSON.parse(storage?.getItem(key) ?? '[]') });
    this.#send = send;
    this.#onChange = onChange;
    this.#isOnline = isOnline;
    this.#storage = storage;
    this.#newId = newId;
    this.#key = key;
    this.entries = this.entries.map((entry) => (entry.status === 'failed' ? entry : { ...entry, status: 'waiting' }));
  }

  /** Add a message, unless one with the given `client_message_id` is waiting. Returns its `client_message_id`. */
  add(fields) {
    if (this.entries.some((one) => one.client_message_id === fields.client_message_id)) return fields.client_message_id;
    const entry = {
      client_message_id: this.#newId(),
      created_at: new Date().toISOString(),
      tries: 0,
      status: this.#isOnline() ? 'sending' : 'waiting',
      ...fields,
    };
    this.#set([...this.entries, entry]);
    void this.flush();
    return entry.client_message_id;
  }

  retry(id) {
    this.#change(id, { status: 'waiting', tries: 0, error: undefined });
    return this.flush();
  }

  /** Remove a message that the server has stored, or that the user has discarded. */
  settle(id) {
    if (this.entries.some((entry) => entry.client_message_id === id)) {
      this.#set(this.entries.filter((entry) => entry.client_message_id !== id));
    }
  }

  /** Send the waiting messages. */
  async flush() {
    clearTimeout(this.#timer);
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      for (let entry = this.#next(); entry && (await this.#goes(entry)); entry = this.#next());
    } finally {
      this.#isBusy = false;
    }
  }

  stop() {
    clearTimeout(this.#timer);
  }

  #next() {
    return this.entries.find((entry) => entry.status !== 'failed');
  }

  /** Send one message. Returns whether the next message can be sent. */
  async #goes(entry) {
    const { client_message_id: id } = entry;
    this.#change(id, { status: 'sending', tries: entry.tries + 1 });
    try {
      await this.#send(entry);
      this.settle(id);
      return true;
    } catch (fault) {
      return this.#hasFailed(id, entry.tries + 1, fault);
    }
  }

  #hasFailed(id, tries, fault) {
    if (passes(fault) && (tries < TRIES || !(fault instanceof Refused))) {
      this.#change(id, { status: 'waiting' });
      this.#timer = setTimeout(() => void this.flush(), pauseAfter(tries, fault));
      return false;
    }
    this.#change(id, { status: 'failed', error: fault.message });
    return true;
  }

  #change(id, changes) {
    this.#set(this.entries.map((entry) => (entry.client_message_id === id ? { ...entry, ...changes } : entry)));
  }

  #set(entries) {
    this.entries = entries;
    if (entries.length) this.#storage?.setItem(this.#key, JSON.stringify(entries));
    else this.#storage?.removeItem(this.#key);
    this.#onChange();
  }
}

/** Return the request body of an unsent message. */
export function bodyOf({ message, media_url, attachments, client_message_id }) {
  const body = { message, client_message_id };
  if (media_url) body.media_url = media_url;
  if (attachments.length) body.attachments = attachments.map((one) => one.id);
  return body;
}

/** Return a random id for a message. Without `crypto.getRandomValues` the application must hand in `newId`. */
function randomId() {
  // `crypto.randomUUID` exists in secure contexts only.
  if (!globalThis.crypto?.getRandomValues) {
    throw new Error('This platform has no crypto.getRandomValues: pass newId to StooryClient.');
  }
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
