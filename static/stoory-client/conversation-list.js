import { Closed } from './errors.js';
import { Pages } from './pages.js';
import { Queries, unattended } from './query.js';
import { Store } from './store.js';

const PAGE = 30;
const LONGEST_PAGE = 200;

/** Return whether a conversation matches a list's filter, by the same rules as the server. */
export function matches(conversation, { type, awaiting, unread, search } = {}) {
  const words = folded(search ?? '');
  return (
    (!type || conversation.conversation_type === type) &&
    (!awaiting || conversation.awaiting_role === conversation.my_role) &&
    (!unread || conversation.unread_count > 0) &&
    (!words || [conversation.title, conversation.other_user?.name].some((one) => folded(one ?? '').includes(words)))
  );
}

/** Return the same text for texts that differ only in letter case, composition, white space or invisible characters. */
function folded(text) {
  const visible = text.normalize('NFKC').replaceAll(/\p{Default_Ignorable_Code_Point}/gu, '');
  const words = visible.toUpperCase().toLowerCase().normalize('NFKC').split(/\s+/u);
  return words.filter(Boolean).join(' ');
}

/**
 * A list of conversations, newest activity first, that stays up to date.
 *
 * Snapshot: `phase` (`loading`, `ready`, `failed`), `filter` (`{type, awaiting, unread, search}`), `conversations`,
 * `hasMore`, `fault` (why the last read failed; a temporary failure is followed by another read).
 */
export class ConversationList extends Store {
  #client;
  #dispose;
  #queries;
  #newest;
  #further;
  #cursor = null;
  #changedIds = new Set();
  #changedPeople = new Set();
  #lines = new Map();
  #isAsked = false;
  #isOpen = true;

  constructor(client, filter, dispose) {
    super({ phase: 'loading', filter: filter ?? {}, conversations: [], hasMore: false, fault: null });
    this.#client = client;
    this.#dispose = dispose;
    this.#queries = new Queries(client, () => this.#isOpen);
    this.#newest = this.#queries.of((isCurrent) => this.#readNewest(isCurrent));
    this.#further = new Pages(this.#newest, {
      endOf: () => this.#cursor,
      read: (cursor) => this.#page(cursor),
      show: (page) => this.#show(page, [...this.getSnapshot().conversations, ...page.results]),
    });
  }

  /** Stop the updates. Pending reads raise `Closed`. */
  dispose() {
    this.#isOpen = false;
    this.#queries.giveUp(new Closed());
    this.#dispose();
  }

  /**
   * Change the filter. Conversations that do not match it leave the list at once. Resolves when its result, or the
   * result of a later filter, is in the snapshot.
   */
  show(filter) {
    const conversations = this.getSnapshot().conversations.filter((one) => matches(one, filter));
    this.update({ filter, phase: 'loading', fault: null, conversations, hasMore: false });
    return this.reload();
  }

  /** Read the list again. Resolves when the response to this call, or to a later call, is in the snapshot. */
  reload() {
    this.#isAsked = true;
    if (this.getSnapshot().phase === 'failed') this.update({ phase: 'loading', fault: null });
    return this.#newest.refetch();
  }

  /** Load the next page. Resolves when it is in the snapshot, or when there are no more conversations. */
  loadMore() {
    return this.#further.more();
  }

  /**
   * Read again who is online in these conversations, because events report only users whose conversation is open.
   * Resolves when the answer is in the snapshot. Raises `Refused`, `ConnectionLost` or `SignedOut`.
   */
  readPresence(ids) {
    return unattended(this.#readPresence(new Set(ids)));
  }

  async #readPresence(ids) {
    this.#changedPeople.clear();
    const depth = this.getSnapshot().conversations.findLastIndex((one) => ids.has(one.id)) + 1;
    const { results } = depth && depth <= LONGEST_PAGE ? await this.#page(null, depth) : { results: [] };
    const read = new Map(results.filter((one) => ids.has(one.id)).map((one) => [one.id, one.other_user]));
    const conversations = this.getSnapshot().conversations.map((held) => {
      const other = read.get(held.id);
      const isOlder = !other || this.#changedPeople.has(other.id) || isSame(other, held.other_user);
      return isOlder ? held : { ...held, other_user: other };
    });
    this.update({ conversations });
    for (const id of ids) if (!read.has(id)) this.#readLine(id);
  }

  #page(cursor, limit = PAGE) {
    const { type, awaiting, unread, search } = this.getSnapshot().filter;
    const params = { type, awaiting: awaiting && 'me', unread: unread && 'true', search, cursor, limit };
    return this.#client.session.get('/api/conversations', params);
  }

  async #readNewest(isCurrent) {
    this.#changedIds.clear();
    const page = await this.#page(null).catch((fault) => {
      if (isCurrent()) this.update({ phase: 'failed', fault });
      throw fault;
    });
    if (!isCurrent()) return;
    const held = new Map(this.getSnapshot().conversations.map((one) => [one.id, one]));
    const read = page.results.map((one) => (isSame(held.get(one.id), one) ? held.get(one.id) : one));
    this.#show(page, read);
    // The response can lack the events that were received during the read.
    for (const id of this.#changedIds) this.#readLine(id);
  }

  #show(page, conversations) {
    this.#cursor = page.next;
    this.update({ phase: 'ready', conversations: inOrder(conversations), hasMore: page.next !== null, fault: null });
  }

  /** Called by the client after each connect. Events of lists are not logged, so the list is read again. */
  connected() {
    if (this.#isAsked) void this.reload();
    this.#queries.resume();
  }

  /** Called by the client when it will not connect again. Pending reads raise `fault`. */
  ended(fault) {
    this.#queries.giveUp(fault);
  }

  /** Called by the client when an event changes a conversation of the list. */
  receive({ conversation_id: id, reason, last_message, unread_count, updated_at }) {
    this.#changedIds.add(id);
    const { conversations } = this.getSnapshot();
    const held = conversations.find((one) => one.id === id);
    if (held && reason !== 'opened' && reason !== 'state') {
      const last = last_message ?? held.last_message;
      const at = reason === 'read' ? held.updated_at : updated_at;
      this.#put({ ...held, last_message: last, unread_count, updated_at: at });
      if (!this.#lines.get(id)?.isRunning) return;
    }
    this.#readLine(id);
  }

  /** Called by the client when a user comes online or goes offline. */
  presence({ user_id: userId, online, last_seen }) {
    this.#changedPeople.add(userId);
    const conversations = this.getSnapshot().conversations.map((one) =>
      one.other_user?.id === userId ? { ...one, other_user: { ...one.other_user, online, last_seen } } : one,
    );
    this.update({ conversations });
  }

  /** Read the current state of one conversation. */
  #readLine(id) {
    if (!this.#lines.has(id)) {
      const read = async () => this.#put((await this.#client.session.get(`/api/conversations/${id}`)).conversation);
      this.#lines.set(id, this.#queries.of(read));
    }
    void this.#lines.get(id).fetch();
  }

  #put(conversation) {
    const { conversations, filter } = this.getSnapshot();
    const others = conversations.filter((one) => one.id !== conversation.id);
    const isHeld = others.length < conversations.length;
    // A conversation in the list stays there even if it no longer matches: it must not vanish while the user reads it.
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
