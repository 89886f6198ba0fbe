import { io as connectSocket } from 'socket.io-client';

import { Conversation } from './conversation.js';
import { ConversationList } from './conversation-list.js';
import { Closed, ConnectionLost, SignedOut } from './errors.js';
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

/**
 * One person's connection, and what is open on it.
 *
 * Snapshot: `status` is `connecting`, `online`, `reconnecting`, `offline` (this device has no network), `ended` (the
 * login session is over) or `closed` (by `disconnect`).
 */
export class StooryClient extends Store {
  #url;
  #io;
  #socket = null;
  #conversations = new Map();
  #lists = new Set();
  #outboxStorage;
  #notifications = null;
  #cameBackAt = 0;

  /**
   * `url` is the server's origin, the page's own if not given; `session` a `Session`; `outbox` a storage such as
   * `sessionStorage`, in which texts on their way survive a reload; `io` replaces socket.io-client.
   */
  constructor({ url = '', session = new Session({ url }), outbox, io = connectSocket } = {}) {
    super({ status: 'closed' });
    this.#url = url;
    this.session = session;
    this.#outboxStorage = outbox;
    this.#io = io;
    session.onEnded = () => this.#end();
  }

  get isOnline() {
    return this.getSnapshot().status === 'online';
  }

  // --- The connection ---

  /** Connect, and stay connected until `disconnect`. */
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

  /** Pending reads raise `Closed`. */
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

  /** All that reads for itself. */
  *#everything() {
    yield* this.#conversations.values();
    yield* this.#lists;
    if (this.#notifications) yield this.#notifications;
  }

  /** End the login session, and the connection with it. */
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
      if (data.reason === 'read') void this.#notifications?.reload();
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

  /** The connection was declined: for a token, which can be renewed, or for a while. */
  async #refused(error) {
    if (this.getSnapshot().status !== 'connecting') this.update({ status: this.#awayStatus() });
    const code = error.data?.code ?? '';
    if (code === 'user_blocked') this.session.end();
    else if (code.startsWith('token_')) await this.#comeBack();
    else if (code) setTimeout(() => this.#socket?.connect(), (error.data.retry_after ?? 2) * 1000);
  }

  /** Connect again if there is still a login session; the server does not say so by itself. */
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

  // --- Speaking ---

  /** Send a command; answers `{success, …}`, also where there is no answer in time. */
  async command(name, payload) {
    try {
      return await this.#socket.timeout(ACK_TIMEOUT).emitWithAck(name, payload);
    } catch {
      return { success: false, code: 'no_answer' };
    }
  }

  /** Send a command without waiting; without a connection it is dropped. */
  emit(name, payload) {
    if (this.isOnline) this.#socket.emit(name, payload);
  }

  // --- What is open ---

  /** The conversation with this id, the same object each time. Call its `open()` to load and enter it. */
  conversation(id) {
    if (!this.#conversations.has(id)) {
      this.#conversations.set(id, new Conversation(this, id, { storage: this.#outboxStorage }));
    }
    return this.#conversations.get(id);
  }

  /** A live list of conversations; call `dispose()` when it is not needed any more. */
  conversationList(filter) {
    const list = new ConversationList(this, filter, () => this.#lists.delete(list));
    this.#lists.add(list);
    return list;
  }

  get notifications() {
    return (this.#notifications ??= new Notifications(this));
  }

  /** Open a conversation, or find the one there is: `{conversation_type, user_id, title?, message?, …}`. */
  async openConversation(fields) {
    return (await this.session.post('/api/conversations', fields)).conversation;
  }

  /**
   * A page of the people whose name fits `q`, or of the one whose whole e-mail address it is. Raises `Refused`: with
   * `status` 404 where this server offers no search.
   */
  async findPeople(q, { limit, cursor } = {}) {
    const { results, next, previous } = await this.session.get('/api/people', { q, limit, cursor });
    return { results, next, previous };
  }

  /** Change one's own account; `findable` says whether others can find it. Answers the user as it is now. */
  updateAccount(fields) {
    return this.session.updateAccount(fields);
  }

  /** Store a file, to be named in a message or handed over as work. Answers the attachment. */
  async upload(file) {
    const form = new FormData();
    form.append('file', file);
    return (await this.session.request('POST', '/api/uploads', { body: form })).upload;
  }
}
