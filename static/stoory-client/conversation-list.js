import { ConnectionLost, SignedOut } from './errors.js';
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
  #isStale = false;

  constructor(client, filter, dispose) {
    super({ phase: 'loading', filter: filter ?? {}, conversations: [], hasMore: false });
    this.#client = client;
    this.#dispose = dispose;
  }

  dispose() {
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
    const turn = (this.#turn += 1);
    const { filter } = this.getSnapshot();
    const { type, awaiting, unread, search } = filter;
    try {
      const params = { type, awaiting: awaiting && 'me', unread: unread && 'true', search, cursor, limit: PAGE };
      const page = await this.#client.session.get('/api/conversations', params);
      // An answer that was overtaken by another question is none any more.
      if (turn !== this.#turn) return;
      this.#cursor = page.next;
      const before = cursor ? this.getSnapshot().conversations : [];
      this.update({
        phase: 'ready',
        conversations: inOrder([...before, ...page.results]),
        hasMore: page.next !== null,
      });
    } catch (fault) {
      if (!(fault instanceof ConnectionLost || fault instanceof SignedOut)) throw fault;
      this.#isStale = true;
    }
  }

  /** For the client: there is a connection, or there is one again: what it told meanwhile is not in any log. */
  async connected(isAgain) {
    if (isAgain || this.#isStale) await this.reload();
    this.#isStale = false;
  }

  /** For the client: a line of the list has changed. */
  async receive({ conversation_id: id, reason, last_message, unread_count, updated_at }) {
    const { conversations } = this.getSnapshot();
    const held = conversations.find((one) => one.id === id);
    if (!held || reason === 'opened' || reason === 'state') {
      await this.#fetch(id);
      return;
    }
    const last = last_message ?? held.last_message;
    this.#put({
      ...held,
      last_message: last,
      unread_count,
      updated_at: reason === 'read' ? held.updated_at : updated_at,
    });
  }

  /** For the client: whether somebody is online has changed. */
  presence({ user_id: userId, online, last_seen }) {
    const conversations = this.getSnapshot().conversations.map((one) =>
      one.other_user?.id === userId ? { ...one, other_user: { ...one.other_user, online, last_seen } } : one,
    );
    this.update({ conversations });
  }

  async #fetch(id) {
    try {
      const { conversation } = await this.#client.session.get(`/api/conversations/${id}`);
      this.#put(conversation);
    } catch {
      // Not to be read now: the next connection reads the whole list.
    }
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
