import { Store } from 'stoory-client';

import { inWords } from '../faults.js';
import { filled, gettext } from '../i18n.js';
import { FileUpload } from './file-upload.js';
import { claim, forget, keepFacts, keepFile, keptFiles } from './kept-uploads.js';

const MOST = 10;
const OFTEN = 250;

const desks = new Map();

/**
 * Return the desk of a conversation, always the same one, so that uploads go on while another conversation is shown.
 */
export function deskOf(client, conversation) {
  const key = `${client.session.user.id} ${conversation.id}`;
  if (!desks.has(key)) desks.set(key, new Desk(client, conversation));
  return desks.get(key);
}

/**
 * The chosen files of a message or form, and the messages that wait for their files.
 *
 * Snapshot: `chosen` (`FileUpload`s), `fault` (why a file was not taken), and `outgoing` (messages whose files are
 * still on their way, in the form of the library's `outgoing`, with `status` `uploading` or `failed`, and `uploads`).
 * With a conversation, files and messages survive a reload.
 */
export class Desk extends Store {
  #client;
  #conversation;
  #tellAt = 0;
  #timer = null;

  constructor(client, conversation = null) {
    super({ chosen: [], outgoing: [], fault: '' });
    this.#client = client;
    this.#conversation = conversation;
    if (conversation) void this.#restore();
  }

  get attachments() {
    return this.getSnapshot()
      .chosen.filter((one) => one.attachment)
      .map((one) => one.attachment);
  }

  /** Whether a chosen file is still on its way. */
  get isBusy() {
    return this.getSnapshot().chosen.some((one) => one.isUnderWay);
  }

  /** Take files and upload them at once. */
  add(files, { isVoice = false } = {}) {
    const { chosen } = this.getSnapshot();
    const taken = [...files].slice(0, MOST - chosen.length);
    const fault = taken.length < files.length ? filled(gettext('At most %(n)s files in a message.'), { n: MOST }) : '';
    const order = Date.now();
    const added = taken.map((file) => this.#upload(file, { key: newKey(), order, name: file.name, isVoice }));
    this.update({ chosen: [...chosen, ...added], fault });
    for (const one of added) {
      void this.#keep(one);
      one.start();
    }
  }

  /** Stop an upload, and remove its file from the chosen files or from its message. */
  remove(upload) {
    upload.cancel();
    void forget(upload.key);
    const chosen = this.getSnapshot().chosen.filter((one) => one !== upload);
    this.update({ chosen, fault: '' });
    for (const entry of this.getSnapshot().outgoing.filter((one) => one.uploads.includes(upload))) {
      const uploads = entry.uploads.filter((one) => one !== upload);
      if (uploads.length || entry.message) this.#replace(entry, { uploads });
      else this.discard(entry.client_message_id);
    }
    this.#proceed();
  }

  /** Remove all chosen files, after the form that has them was submitted. */
  clear() {
    for (const one of this.getSnapshot().chosen) void forget(one.key);
    this.update({ chosen: [], fault: '' });
  }

  /** Return the chosen files that can be sent: all but those that the server has refused. */
  get sendable() {
    return this.getSnapshot().chosen.filter((one) => one.state !== 'failed');
  }

  /**
   * Send a message with the sendable files as soon as all of them have been uploaded. The refused files stay chosen.
   */
  send(message) {
    const uploads = this.sendable;
    const { chosen, outgoing } = this.getSnapshot();
    const entry = {
      client_message_id: newKey(),
      created_at: new Date().toISOString(),
      message,
      attachments: [],
      status: 'uploading',
      uploads,
    };
    const left = chosen.filter((one) => !uploads.includes(one));
    this.update({ chosen: left, fault: '', outgoing: [...outgoing, entry] });
    for (const one of uploads) void this.#keepFacts(one);
    this.#proceed();
  }

  /** Return whether a message waits here for its files. */
  has(id) {
    return this.getSnapshot().outgoing.some((one) => one.client_message_id === id);
  }

  /** Upload the files of a message again that could not be uploaded. */
  retry(id) {
    for (const one of this.#entry(id).uploads) if (one.state === 'failed') one.start();
  }

  discard(id) {
    for (const one of this.#entry(id).uploads) {
      one.cancel();
      void forget(one.key);
    }
    this.#drop(id);
  }

  #entry(id) {
    return this.getSnapshot().outgoing.find((one) => one.client_message_id === id);
  }

  #drop(id) {
    this.update({ outgoing: this.getSnapshot().outgoing.filter((one) => one.client_message_id !== id) });
  }

  #replace(entry, changes) {
    const outgoing = this.getSnapshot().outgoing.map((one) => (one === entry ? { ...entry, ...changes } : one));
    this.update({ outgoing });
  }

  #upload(file, facts) {
    return new FileUpload(file, facts, {
      client: this.#client,
      onChange: (one) => this.#changed(one),
      onFacts: (one) => void this.#keepFacts(one),
    });
  }

  #changed(upload) {
    if (upload.state === 'sending') this.#tellSoon();
    else this.#proceed();
  }

  /** Progress is told a few times a second. */
  #tellSoon() {
    const now = Date.now();
    if (now - this.#tellAt >= OFTEN) {
      this.#tellAt = now;
      this.#tell();
    } else if (!this.#timer) {
      this.#timer = setTimeout(() => {
        this.#timer = null;
        this.#tell();
      }, OFTEN);
    }
  }

  #tell() {
    const outgoing = this.getSnapshot().outgoing.map((one) => ({ ...one, ...stateOf(one.uploads) }));
    this.update({ outgoing });
  }

  /** Send the messages whose files have all been uploaded. */
  #proceed() {
    for (const { client_message_id: id, message, uploads } of this.getSnapshot().outgoing) {
      if (uploads.some((one) => !one.attachment)) continue;
      const attachments = uploads.map((one) => one.attachment);
      this.#conversation.send(message, { attachments, client_message_id: id });
      for (const one of uploads) void forget(one.key);
      this.#drop(id);
    }
    this.#tell();
  }

  // --- Surviving a reload ---

  async #keep(upload) {
    if (!this.#conversation) return;
    await claim(upload.key);
    if (this.#isHere(upload)) await keepFile(upload.file, this.#factsOf(upload));
  }

  #keepFacts(upload) {
    return this.#conversation && this.#isHere(upload) ? keepFacts(this.#factsOf(upload)) : null;
  }

  #isHere(upload) {
    const { chosen, outgoing } = this.getSnapshot();
    return chosen.includes(upload) || outgoing.some((one) => one.uploads.includes(upload));
  }

  #factsOf(upload) {
    const { user } = this.#client.session;
    const { outgoing } = this.getSnapshot();
    const entry = outgoing.find((one) => one.uploads.includes(upload));
    const waitsFor = entry && { id: entry.client_message_id, message: entry.message, at: entry.created_at };
    return { ...upload.facts, user: user?.id, conversation: this.#conversation.id, waitsFor: waitsFor ?? null };
  }

  async #restore() {
    const found = await keptFiles(this.#client.session.user.id, this.#conversation.id);
    if (!found.length) return;
    const restored = found.map(({ facts, file }) => ({ facts, upload: this.#upload(file, facts) }));
    const { chosen, outgoing } = this.getSnapshot();
    const messages = new Map();
    for (const { facts, upload } of restored.filter((one) => one.facts.waitsFor)) {
      const { id, message, at } = facts.waitsFor;
      const entry = messages.get(id) ?? {
        client_message_id: id,
        created_at: at,
        message,
        attachments: [],
        uploads: [],
      };
      messages.set(id, { ...entry, uploads: [...entry.uploads, upload], status: 'uploading' });
    }
    const unsent = restored.filter((one) => !one.facts.waitsFor).map((one) => one.upload);
    this.update({ chosen: [...unsent, ...chosen], outgoing: [...messages.values(), ...outgoing] });
    for (const { upload } of restored) upload.start();
    this.#proceed();
  }
}

function stateOf(uploads) {
  const failed = uploads.find((one) => one.state === 'failed');
  return failed ? { status: 'failed', error: inWords(failed.fault) } : { status: 'uploading', error: undefined };
}

function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
