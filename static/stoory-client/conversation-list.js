import { passes, SignedOut } from './errors.js';
import { pauseAfter, Reading } from './reading.js';
import { Store } from './store.js';

const PAGE = 30;

/** Whether a conversation belongs into a list with this filter, as the server would say it. */
export function matches(conversation, { type, awaiting, unread, search } = {}) {
  const words = search?.toLowerCase();
  return (
    (!type || conversation.conversation_type === type) &&
    (!awaiting || conversation.awaiting_role === conversation.my_role) &&
    (!unread || conversation.unread_count > 0) &&
    (!words || `${conversation.title}\n${conversation.other_user?.name}`.toLowerCase().includes(words))
  );
}

/**
 * Conversations by latest activity, kept up to date.
 *
 * Snapshot: `phase` (`loading`, `ready`), `filter` (`{type, awaiting, unread, search}`), `conversations`, `hasMore`.
 */
export class ConversationList extends Store {
  #client;
  #dispose;
  #cursor = null;
  #turn = 0;
  #told = new Set();
  #lines = new Map();
  #tries = 0;
  #timer = null;

  constructor(client, filter, dispose) {
    super({ phase: 'loading', filter: filter ?? {}, conversations: [], hasMore: false });
    this.#client = client;
    this.#dispose = dispose;
  }

  dispose() {
    clearTimeout(this.#timer);
    this.#dispose();
  }

  /** Show another selection. */
  async show(filter) {
    this.update({ filter, phase: 'loading' });
    await this.reload();
  }

  async reload() {
    await this.#read(null);
  }

  async loadMore() {
    if (this.#cursor) await this.#read(this.#cursor);
  }

  async #read(cursor) {
    clearTimeout(this.#timer);
    const turn = (this.#turn += 1);
    this.#told.clear();
    const { filter } = this.getSnapshot();
    const { type, awaiting, unread, search } = filter;
    try {
      const params = { type, awaiting: awaiting && 'me', unread: unread && 'true', search, cursor, limit: PAGE };
      const page = await this.#client.session.get('/api/conversations', params);
      // An answer that was overtaken by another question is none any more.
      if (turn === this.#turn) this.#show(page, cursor);
    } catch (fault) {
      if (turn === this.#turn) this.#hasFailed(fault);
    }
  }

  #show(page, cursor) {
    this.#tries = 0;
    this.#cursor = page.next;
    const { conversations } = this.getSnapshot();
    const held = new Map(conversations.map((one) => [one.id, one]));
    const read = page.results.map((one) => (isSame(held.get(one.id), one) ? held.get(one.id) : one));
    this.update({
      phase: 'ready',
      conversations: inOrder([...(cursor ? conversations : []), ...read]),
      hasMore: page.next !== null,
    });
    // What was told while it was being read may not be in it.
    for (const id of this.#told) void this.#readLine(id);
  }

  /** Without a connection there is nothing to wait for: the next one reads it. */
  #hasFailed(fault) {
    if (fault instanceof SignedOut) return;
    if (!passes(fault)) throw fault;
    this.#tries += 1;
    this.#timer = setTimeout(() => this.#client.isOnline && void this.reload(), pauseAfter(this.#tries, fault));
  }

  /** For the client: there is a connection: what it told before is in no log. */
  async connected() {
    if (this.#turn) await this.reload();
  }

  /** For the client: a line of the list has changed. */
  async receive({ conversation_id: id, reason, last_message, unread_count, updated_at }) {
    this.#told.add(id);
    const { conversations } = this.getSnapshot();
    const held = conversations.find((one) => one.id === id);
    if (held && reason !== 'opened' && reason !== 'state') {
      const last = last_message ?? held.last_message;
      const at = reason === 'read' ? held.updated_at : updated_at;
      this.#put({ ...held, last_message: last, unread_count, updated_at: at });
      if (!this.#lines.get(id)?.isUnderWay) return;
    }
    await this.#readLine(id);
  }

  /** For the client: whether somebody is online has changed. */
  presence({ user_id: userId, online, last_seen }) {
    const conversations = this.getSnapshot().conversations.map((one) =>
      one.other_user?.id === userId ? { ...one, other_user: { ...one.other_user, online, last_seen } } : one,
    );
    this.update({ conversations });
  }

  /** Read one line as it stands now. */
  async #readLine(id) {
    if (!this.#lines.has(id)) {
      const read = async () => this.#put((await this.#client.session.get(`/api/conversations/${id}`)).conversation);
      this.#lines.set(id, new Reading(read, () => this.#client.isOnline));
    }
    await this.#lines.get(id).askQuietly();
  }

  #put(conversation) {
    const { conversations, filter } = this.getSnapshot();
    const others = conversations.filter((one) => one.id !== conversation.id);
    const isHeld = others.length < conversations.length;
    // A line that is shown stays when it is read, or it would vanish under the reader's eyes.
    if (isHeld || matches(conversation, filter)) this.update({ conversations: inOrder([conversation, ...others]) });
  }
}

function inOrder(conversations) {
  const once = new Map(conversations.map((one) => [one.id, one]));
  return [...once.values()].sort((one, other) => other.updated_at.localeCompare(one.updated_at));
}

function isSame(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}
