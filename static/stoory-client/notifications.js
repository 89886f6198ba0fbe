import { Pages } from './pages.js';
import { Queries, unattended } from './query.js';
import { Store } from './store.js';

const PAGE = 20;

/**
 * A user's notifications, newest first.
 *
 * Snapshot: `unread` (their number), `notifications`, `hasMore`.
 */
export class Notifications extends Store {
  #client;
  #queries;
  #newest;
  #count;
  #further;
  #cursor = null;

  constructor(client) {
    super({ unread: 0, notifications: [], hasMore: false });
    this.#client = client;
    this.#queries = new Queries(client);
    this.#newest = this.#queries.of(async () => this.#show(await this.#page(), []));
    this.#count = this.#queries.of(() => this.#readCount());
    this.#further = new Pages(this.#newest, {
      endOf: () => this.#cursor,
      read: (cursor) => this.#page(cursor),
      show: (page) => this.#show(page, this.getSnapshot().notifications),
    });
    if (client.isOnline) void this.reload();
  }

  /** Read the newest again, and how many are unread: reading a conversation reads its notifications. */
  reload() {
    return together(this.#newest.fetch(), this.#count.fetch());
  }

  /** Resolves when the next page is in the snapshot, or there is none. */
  loadMore() {
    return this.#further.more();
  }

  #page(cursor) {
    return this.#client.session.get('/api/notifications', { cursor, limit: PAGE });
  }

  #show(page, before) {
    this.#cursor = page.next;
    this.update({ notifications: once([...before, ...page.results]), hasMore: page.next !== null });
  }

  /** Mark one as read. Raises what keeps it from being marked. */
  read(id) {
    return unattended(this.#markRead(id));
  }

  async #markRead(id) {
    const { notification } = await this.#client.session.post(`/api/notifications/${id}/read`);
    const notifications = this.getSnapshot().notifications.map((one) => (one.id === id ? notification : one));
    this.update({ notifications });
    await this.#count.fetch();
  }

  /** Mark all as read. Raises what keeps them from being marked. */
  readAll() {
    return unattended(this.#markAllRead());
  }

  async #markAllRead() {
    await this.#client.session.post('/api/notifications/read-all');
    await this.reload();
  }

  /** For the client: there is a connection (again). */
  connected() {
    void this.reload();
  }

  /** For the client: there will be none any more. */
  ended(fault) {
    this.#queries.giveUp(fault);
  }

  /** For the client: a `notification` event. */
  receive({ type, data }) {
    const { notifications, unread } = this.getSnapshot();
    if (notifications.some((one) => one.id === data.id)) return;
    const { id, title, body, payload, conversation_id, created_at } = data;
    const added = { id, type, title, body, payload, conversation_id, created_at, read_at: null };
    this.update({ notifications: [added, ...notifications], unread: unread + 1 });
    // What is being read may not have it yet.
    if (this.#newest.isRunning) void this.reload();
    else if (this.#count.isRunning) void this.#count.fetch();
  }

  async #readCount() {
    const { unread_count } = await this.#client.session.get('/api/notifications/unread-count');
    this.update({ unread: unread_count });
  }
}

function together(...promises) {
  return unattended(Promise.all(promises).then(() => {}));
}

function once(notifications) {
  return [...new Map(notifications.map((one) => [one.id, one])).values()];
}
