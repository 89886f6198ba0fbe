import { io as connectSocket } from 'socket.io-client';

import { Conversation } from './conversation.js';
import { ConversationList } from './conversation-list.js';
import { Closed, ConnectionLost, SignedOut } from './errors.js';
import { Files } from './files.js';
import { Notifications } from './notifications.js';
import { Session } from './session.js';
import { Store } from './store.js';

const ACK_TIMEOUT = 10_000;
const RETURN_PAUSE = 2_000;
const OF_A_CONVERSATION = [
  'new_message',
  'message_updated',
  'message_deleted',
  'messages_read',
  'conversation_state_changed',
  'conversation_updated',
  'user_typing',
  'conversation_list_updated',
];

/** The reasons of list updates after which notifications are read, have other words or are gone. */
const CHANGING_NOTIFICATIONS = new Set(['read', 'updated', 'deleted']);

/**
 * The connection of one user, with its conversations, lists and notifications.
 *
 * Snapshot: `status` is `connecting`, `online`, `reconnecting`, `offline` (this device has no network), `ended` (the
 * login session has ended) or `closed` (before `connect`, and after `disconnect` or `signOut`).
 */
export class StooryClient extends Store {
  #url;
  #io;
  #socket = null;
  #conversations = new Map();
  #lists = new Set();
  #outboxStorage;
  #newId;
  #notifications = null;
  #files;
  #cameBackAt = 0;

  /**
   * `url` is the server's origin; the default is the origin of the page. `session` is a `Session`. `outbox` is a
   * storage such as `sessionStorage`, in which unsent messages survive a reload. `newId()` returns a new id of 1 to 64
   * `A–Z a–z 0–9 _ -` for a message; without `crypto.getRandomValues` it is needed. `io` replaces socket.io-client.
   */
  constructor({ url = '', session = new Session({ url }), outbox, newId, io = connectSocket } = {}) {
    super({ status: 'closed' });
    this.#url = url;
    this.session = session;
    this.#files = new Files(session);
    this.#outboxStorage = outbox;
    this.#newId = newId;
    this.#io = io;
    session.onEnded = () => this.#end();
  }

  get isOnline() {
    return this.getSnapshot().status === 'online';
  }

  // --- The connection ---

  /** Connect, and reconnect after each interruption until `disconnect` is called. */
  connect() {
    if (this.#socket) return;
    this.update({ status: 'connecting' });
    this.#socket = this.#io(this.#url || globalThis.location?.origin, {
      auth: (give) => void this.#token().then((token) => give({ token })),
      transports: ['websocket', 'polling'],
      reconnectionDelay: 500,
      reconnectionDelayMax: 3_000,
      forceNew: true,
    });
    this.#listen(this.#socket);
    globalThis.addEventListener?.('online', this.#onNetwork);
    globalThis.addEventListener?.('offline', this.#onNetwork);
  }

  /** Close the connection. Pending reads raise `Closed`. */
  disconnect() {
    this.#leave('closed', new Closed());
  }

  #leave(status, fault) {
    globalThis.removeEventListener?.('online', this.#onNetwork);
    globalThis.removeEventListener?.('offline', this.#onNetwork);
    this.#socket?.disconnect();
    this.#socket = null;
    this.update({ status });
    for (const one of this.#everything()) one.ended(fault);
  }

  /** The objects that read from the server and follow the connection. */
  *#everything() {
    yield* this.#conversations.values();
    yield* this.#lists;
    if (this.#notifications) yield this.#notifications;
  }

  /** Close the connection and end the login session. Has the options and errors of `Session.signOut`. */
  async signOut(options) {
    this.#leave('closed', new SignedOut());
    await this.session.signOut(options);
  }

  #token() {
    return this.session.access().catch(() => this.session.present);
  }

  #listen(socket) {
    socket.on('connect', () => this.#connected());
    socket.on('disconnect', (reason) => void this.#disconnected(reason));
    socket.on('connect_error', (error) => void this.#refused(error));
    socket.on('token_expiring', () => void this.#authenticateAnew());
    socket.on('notification', (data) => this.#notifications?.receive(data));
    socket.on('presence', (data) => {
      for (const conversation of this.#conversations.values()) conversation.presence(data);
      for (const list of this.#lists) list.presence(data);
    });
    for (const event of OF_A_CONVERSATION) socket.on(event, (data) => this.#dispatch(event, data));
  }

  #dispatch(event, data) {
    this.#conversations.get(data.conversation_id ?? data.conversationId)?.receive(event, data);
    if (event === 'conversation_list_updated') {
      for (const list of this.#lists) list.receive(data);
      if (CHANGING_NOTIFICATIONS.has(data.reason)) void this.#notifications?.reload();
    }
  }

  #connected() {
    this.update({ status: 'online' });
    for (const one of this.#everything()) one.connected();
  }

  async #disconnected(reason) {
    for (const conversation of this.#conversations.values()) conversation.disconnected();
    if (reason === 'io client disconnect') return;
    this.update({ status: this.#awayStatus() });
    if (reason === 'io server disconnect') await this.#comeBack();
  }

  /** Handle a rejected connection: renew a rejected token; after other errors retry in `retry_after` seconds. */
  async #refused(error) {
    if (this.getSnapshot().status !== 'connecting') this.update({ status: this.#awayStatus() });
    const code = error.data?.code ?? '';
    if (code === 'user_blocked') this.session.end();
    else if (code.startsWith('token_')) await this.#comeBack();
    else if (code) setTimeout(() => this.#socket?.connect(), (error.data.retry_after ?? 2) * 1000);
  }

  /** Renew the access token, which fails if the login session has ended, and connect again. */
  async #comeBack() {
    if (Date.now() - this.#cameBackAt < RETURN_PAUSE) await new Promise((done) => setTimeout(done, RETURN_PAUSE));
    this.#cameBackAt = Date.now();
    try {
      await this.session.renew(this.session.present);
      this.#socket?.connect();
    } catch (fault) {
      if (fault instanceof ConnectionLost || fault.isTemporary) await this.#comeBack();
      else {
        this.session.end();
        this.#end();
      }
    }
  }

  async #authenticateAnew() {
    const token = await this.session.renew(this.session.present).catch(() => null);
    if (token) await this.command('authenticate', { token });
  }

  #onNetwork = () => {
    if (!this.isOnline) this.update({ status: this.#awayStatus() });
    if (globalThis.navigator?.onLine !== false && this.#socket?.active) this.#socket.connect();
  };

  #awayStatus() {
    return globalThis.navigator?.onLine === false ? 'offline' : 'reconnecting';
  }

  #end() {
    this.#leave('ended', new SignedOut());
  }

  // --- Commands ---

  /**
   * Send a command and return its acknowledgement, `{success, …}`. Without an acknowledgement within 10 seconds it
   * returns `{success: false, code: 'no_answer'}`.
   */
  async command(name, payload) {
    try {
      return await this.#socket.timeout(ACK_TIMEOUT).emitWithAck(name, payload);
    } catch {
      return { success: false, code: 'no_answer' };
    }
  }

  /** Send a command without an acknowledgement. Without a connection it is dropped. */
  emit(name, payload) {
    if (this.isOnline) this.#socket.emit(name, payload);
  }

  // --- Conversations and notifications ---

  /**
   * Return the conversation with this id, always the same object. Call its `open()` to load and join it. Raises
   * `TypeError` without an id.
   */
  conversation(id) {
    if (typeof id !== 'string' || !id)
      throw new TypeError(`conversation(id) needs the id of a conversation, not ${id}.`);
    if (!this.#conversations.has(id)) {
      this.#conversations.set(id, new Conversation(this, id, { storage: this.#outboxStorage, newId: this.#newId }));
    }
    return this.#conversations.get(id);
  }

  /** Return a new list of conversations that stays up to date. Call its `dispose()` when you no longer need it. */
  conversationList(filter) {
    const list = new ConversationList(this, filter, () => this.#lists.delete(list));
    this.#lists.add(list);
    return list;
  }

  /** The files of messages: their links and descriptions. */
  get files() {
    return this.#files;
  }

  get notifications() {
    return (this.#notifications ??= new Notifications(this));
  }

  /**
   * Open a conversation, or return the existing one. `fields` is `{conversation_type, user_id, title?, source_id?,
   * currency?, proposed_amount?, message?}`. Raises `Refused`, `ConnectionLost` or `SignedOut`.
   */
  async openConversation(fields) {
    return (await this.session.post('/api/conversations', fields)).conversation;
  }

  /**
   * Return a page of the people whose names match `q`, or of the person whose complete e-mail address is `q`:
   * `{results, next, previous}`. `cursor` is `next` or `previous` of another page. Raises `Refused`, with `status` 404
   * if the server offers no search, `ConnectionLost` or `SignedOut`.
   */
  async findPeople(q, { limit, cursor } = {}) {
    const { results, next, previous } = await this.session.get('/api/people', { q, limit, cursor });
    return { results, next, previous };
  }

  /**
   * Change the account of the signed-in user: `{findable}` says whether other users can find it. Returns the updated
   * user. Raises `Refused`, `ConnectionLost` or `SignedOut`.
   */
  updateAccount(fields) {
    return this.session.updateAccount(fields);
  }

  /**
   * Upload a file and return it as an attachment for a message or for submitted work. Raises `Refused`,
   * `ConnectionLost` or `SignedOut`.
   */
  async upload(file) {
    const form = new FormData();
    form.append('file', file);
    return (await this.session.request('POST', '/api/uploads', { body: form })).upload;
  }
}
