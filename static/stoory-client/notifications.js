import { Pages } from './pages.js';
import { Queries, unattended } from './query.js';
import { Store } from './store.js';

const PAGE = 20;

/**
 * The notifications of the signed-in user, newest first.
 *
 * Snapshot: `phase` (`loading`, `ready`, `failed`), `fault` (why the last read failed), `unread` (the number of unread
 * notifications), `notifications`, `hasMore`.
 */
export class Notifications extends Store {
  #client;
  #queries;
  #newest;
  #count;
  #further;
  #cursor = null;

  constructor(client) {
    super({ phase: 'loading', fault: null, unread: 0, notifications: [], hasMore: false });
    this.#client = client;
    this.#queries = new Queries(client);
    this.#newest = this.#queries.of((isCurrent) => this.#readNewest(isCurrent));
    this.#count = this.#queries.of(() => this.#readCount());
    this.#further = new Pages(this.#newest, {
      endOf: () => this.#cursor,
      read: (cursor) => this.#page(cursor),
      show: (page) => this.#show(page, this.getSnapshot().notifications),
    });
    if (client.isOnline) void this.reload();
  }

  /** Read the newest notifications and the number of unread notifications again. */
  reload() {
    if (this.getSnapshot().phase === 'failed') this.update({ phase: 'loading', fault: null });
    return together(this.#newest.fetch(), this.#count.fetch());
  }

  /** Load the next page. Resolves when it is in the snapshot, or when there are no more notifications. */
  loadMore() {
    return this.#further.more();
  }

  async #readNewest(isCurrent) {
    try {
      this.#show(await this.#page(), []);
    } catch (fault) {
      if (isCurrent()) this.update({ phase: 'failed', fault });
      throw fault;
    }
  }

  #page(cursor) {
    return this.#client.session.get('/api/notifications', { cursor, limit: PAGE });
  }

  #show(page, before) {
    this.#cursor = page.next;
    this.update({
      phase: 'ready',
      fault: null,
      notifications: once([...before, ...page.results]),
      hasMore: page.next !== null,
    });
  }

  /** Mark a notification as read. Raises `Refused`, `ConnectionLost` or `SignedOut`. */
  read(id) {
    return unattended(this.#markRead(id));
  }

  async #markRead(id) {
    const { notification } = await this.#client.session.post(`/api/notifications/${id}/read`);
    const notifications = this.getSnapshot().notifications.map((one) => (one.id === id ? notification : one));
    this.update({ notifications });
    await this.#count.fetch();
  }

  /** Mark all notifications as read. Raises `Refused`, `ConnectionLost` or `SignedOut`. */
  readAll() {
    return unattended(this.#markAllRead());
  }

  async #markAllRead() {
    await this.#client.session.post('/api/notifications/read-all');
    await this.reload();
  }

  /** Called by the client after each connect. */
  connected() {
    void this.reload();
  }

  /** Called by the client when it will not connect again. Pending reads raise `fault`. */
  ended(fault) {
    this.#queries.giveUp(fault);
  }

  /** Called by the client for each `notification` event. */
  receive({ type, data }) {
    const { notifications, unread } = this.getSnapshot();
    if (data.message?.deleted_at || notifications.some((one) => one.id === data.id)) return;
    const { id, title, body, payload, conversation_id, created_at } = data;
    const added = { id, type, title, body, payload, conversation_id, created_at, read_at: null };
    this.update({ notifications: [added, ...notifications], unread: unread + 1 });
    // The response to a running request can lack this notification.
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
