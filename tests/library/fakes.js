/** A server in memory with its sockets, reached through `fetch` and `io` as stoory-client calls them. */

import { Session, StooryClient, memoryStorage } from '../../static/stoory-client/index.js';

export const ME = '01980000-0000-7000-8000-000000000001';
export const OTHER = '01980000-0000-7000-8000-000000000002';
export const ROOM = '01980000-0000-7000-8000-00000000000c';

/** Wait until all pending work is done. */
export async function settled() {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((done) => setImmediate(done));
}

const BEGAN = Math.round(Date.now() / 1000);

/** Return a token that expires in `seconds`; the same arguments return the same token. */
export function token(name, seconds = 3600) {
  const claims = Buffer.from(JSON.stringify({ name, exp: BEGAN + seconds })).toString('base64url');
  return `head.${claims}.sign`;
}

export function message(seq, fields = {}) {
  return {
    id: `m${seq}`,
    conversation_id: ROOM,
    sender_id: OTHER,
    receiver_id: ME,
    message: `text ${seq}`,
    media_url: null,
    message_type: 'user_input',
    is_automated: false,
    action_required: false,
    action_data: null,
    created_at: '2026-01-01T12:00:00.000Z',
    seq,
    client_message_id: null,
    edited_at: null,
    deleted_at: null,
    read_at: null,
    attachments: [],
    ...fields,
  };
}

export function context(version = 1, fields = {}) {
  return {
    id: ROOM,
    chat_status: 'real_time',
    flow_state: 'real_time',
    awaiting_role: null,
    conversation_type: 'direct',
    automation_enabled: false,
    current_action_data: null,
    state_version: version,
    due_at: null,
    ...fields,
  };
}

export function newMessage(seq, fields, version = 1) {
  return [
    'new_message',
    { seq, conversation_id: ROOM, message: message(seq, fields), conversation_context: context(version) },
  ];
}

class FakeSocket {
  #handlers = new Map();
  sent = [];
  active = true;

  constructor(server, options) {
    this.server = server;
    this.options = options;
  }

  on(event, handler) {
    this.#handlers.set(event, handler);
  }

  /** Deliver an event from the server. */
  tell(event, ...args) {
    this.#handlers.get(event)?.(...args);
  }

  emit(event, payload) {
    this.sent.push([event, payload]);
  }

  timeout() {
    return {
      emitWithAck: (event, payload) => {
        this.sent.push([event, payload]);
        return this.server.commanded(event, payload);
      },
    };
  }

  connect() {
    this.server.connects += 1;
    this.options.auth((auth) => this.server.auths.push(auth));
  }

  disconnect() {
    this.tell('disconnect', 'io client disconnect');
  }
}

/** A server with one conversation: `log` contains its events `[name, data]`, from which its history is derived. */
export class FakeServer {
  log = [];
  floor = 0;
  requests = [];
  auths = [];
  connects = 0;
  isAway = false;
  /** Whether requests arrive but responses and events are lost. */
  losesAnswers = false;
  actions = [];
  version = 1;
  unread = 0;
  /** The acknowledgements of the next attempts to join the room. */
  declines = [];
  notified = [];
  tokens = 0;
  lifetime = 3600;
  refusals = new Map();
  /** Responses to additional requests, by `METHOD /path`. */
  answers = new Map();
  #heldBack = new Map();

  get messages() {
    return this.log.filter(([name]) => name === 'new_message').map(([, data]) => data.message);
  }

  get conversation() {
    return {
      ...context(this.version),
      title: '',
      source_id: null,
      currency: 'INR',
      brand_owner: null,
      influencer: null,
      other_user: { id: OTHER, name: 'Mira', role: 'influencer', online: true, last_seen: null },
      my_role: 'participant',
      last_message: this.messages.at(-1) ?? null,
      unread_count: this.unread,
      seq: this.log.length,
      available_actions: this.actions,
      created_at: '',
      updated_at: '2026-01-01T12:00:00.000Z',
    };
  }

  /** Create a client of the user; `socket` becomes its socket. */
  client(options = {}) {
    const storage = memoryStorage({
      user: { id: ME },
      access: token('first'),
      refresh: 'r0',
      until: Date.now() + 3_600_000,
    });
    const session = new Session({ fetch: (...given) => this.fetch(...given), storage, timeout: 1000, locks: null });
    const io = (url, given) => (this.socket = new FakeSocket(this, given));
    return new StooryClient({ session, io, url: 'http://server', ...options });
  }

  /** Return a connected client and its open conversation. */
  async opened(options) {
    const client = this.client(options);
    client.connect();
    this.socket.tell('connect');
    const conversation = client.conversation(ROOM);
    await conversation.open();
    await settled();
    return { client, conversation };
  }

  /** Log an event and send it to the connected client. */
  happens([name, data]) {
    this.log.push([name, data]);
    if (!this.isAway && !this.losesAnswers) this.socket.tell(name, data);
  }

  async commanded(event, payload) {
    if (event !== 'join_conversation') return { success: true };
    if (this.declines.length) return this.declines.shift();
    if (payload.after < this.floor) return { success: true, reset: true, seq: this.log.length };
    for (const [name, data] of this.log.slice(payload.after)) this.socket.tell(name, data);
    const answer = {
      success: true,
      seq: this.log.length,
      reset: false,
      conversation: this.conversation,
      online: [ME, OTHER],
    };
    await this.#underWay(event);
    return answer;
  }

  /** Delay the next response to this request or command. Returns the function that releases it. */
  holdBack(what) {
    let letGo;
    this.#heldBack.set(what, new Promise((done) => (letGo = done)));
    return letGo;
  }

  async #underWay(what) {
    const held = this.#heldBack.get(what);
    this.#heldBack.delete(what);
    await held;
  }

  /** Respond to the next request to `path` (`METHOD /path`) with an error. */
  refuse(path, status, body = {}) {
    this.refusals.set(path, [status, body]);
  }

  fetch = async (address, { method, body, headers }) => {
    const { pathname, searchParams } = new URL(address, 'http://server');
    const given = body ? JSON.parse(body) : {};
    this.requests.push({
      method,
      path: pathname,
      params: Object.fromEntries(searchParams),
      body: given,
      token: headers.Authorization,
    });
    if (this.isAway) throw new TypeError('fetch failed');
    const refusal = this.refusals.get(`${method} ${pathname}`);
    if (refusal) {
      this.refusals.delete(`${method} ${pathname}`);
      return Response.json({ success: false, message: 'No.', ...refusal[1] }, { status: refusal[0] });
    }
    const answer = this.answers.get(`${method} ${pathname}`) ?? this.#answered(method, pathname, searchParams, given);
    await this.#underWay(`${method} ${pathname}`);
    if (this.losesAnswers) throw new TypeError('fetch failed');
    return Response.json({ success: true, ...answer });
  };

  #answered(method, path, params, given) {
    const rest = path.replace(`/api/conversations/${ROOM}`, '');
    if (path === '/api/auth/token/refresh') return this.#renewed(given.refresh);
    if (path === '/api/conversations') return { results: [this.conversation], next: null, previous: null };
    if (path.startsWith('/api/notifications')) return this.#notifications(method, path.split('/')[3]);
    if (rest === '') return { conversation: this.conversation };
    if (rest === '/messages' && method === 'GET') return this.#page(params);
    if (rest === '/messages') return { message: this.#stored(given), conversation_id: ROOM };
    if (rest === '/events') return this.#events(Number(params.get('after')));
    if (rest === '/read') return { unread_count: 0, total_unread: 0, up_to_seq: given.up_to };
    if (rest === '/deal') return { deal: { currency: 'INR', offers: [], agreed_price: null, payment_status: null } };
    if (rest === '/actions') return { conversation: this.conversation };
    throw new Error(`no response to ${method} ${path}`);
  }

  #renewed(refresh) {
    if (refresh !== `r${this.tokens - 1}`) this.tokens += 1;
    return { access: token(`renewed ${this.tokens}`, this.lifetime), refresh: `r${this.tokens}` };
  }

  /** Return the notifications. A POST marks `which` as read: an id, or `read-all`. */
  #notifications(method, which) {
    const read = (one) => ({ ...one, read_at: '2026-01-01T12:00:00.000Z' });
    const isMeant = (one) => method === 'POST' && (which === 'read-all' || one.id === which);
    this.notified = this.notified.map((one) => (isMeant(one) ? read(one) : one));
    const unread = this.notified.filter((one) => !one.read_at).length;
    const notification = this.notified.find((one) => one.id === which);
    return { results: this.notified, next: null, previous: null, unread_count: unread, notification };
  }

  #page(params) {
    const limit = Number(params.get('limit'));
    const before = Number(params.get('before') ?? Infinity);
    const found = this.messages.filter((one) => one.seq < before);
    return { results: found.slice(-limit), previous: found.length > limit ? 'older' : null, next: null };
  }

  #stored(given) {
    const known = this.messages.find((one) => one.client_message_id === given.client_message_id);
    if (known) return known;
    const seq = this.log.length + 1;
    this.happens(
      newMessage(seq, {
        sender_id: ME,
        receiver_id: OTHER,
        message: given.message,
        client_message_id: given.client_message_id,
      }),
    );
    return this.messages.at(-1);
  }

  #events(after) {
    if (after < this.floor) return { results: [], reset: true };
    const results = this.log
      .slice(after, after + 200)
      .map(([event, data], at) => ({ seq: after + at + 1, event, data }));
    return { results, reset: false };
  }
}
