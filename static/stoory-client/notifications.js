import { SignedOut } from './errors.js';
import { Reading } from './reading.js';
import { Store } from './store.js';

const PAGE = 20;

/**
 * What one was told, newest first.
 *
 * Snapshot: `unread` (their number), `notifications`, `hasMore`.
 */
export class Notifications extends Store {
  #client;
  #cursor = null;
  #newest;
  #count;

  constructor(client) {
    super({ unread: 0, notifications: [], hasMore: false });
    this.#client = client;
    const reading = (read) => new Reading(read, () => client.isOnline);
    this.#newest = reading(() => this.#readNewest());
    this.#count = reading(() => this.#readCount());
    if (client.isOnline) void this.reload();
  }

  /** Read the newest again: reading a conversation reads its notifications. */
  reload() {
    return this.#newest.ask();
  }

  async #readNewest() {
    try {
      const page = await this.#client.session.get('/api/notifications', { limit: PAGE });
      this.#cursor = page.next;
      this.update({ notifications: page.results, hasMore: page.next !== null });
      await this.#count.ask();
    } catch (fault) {
      if (!(fault instanceof SignedOut)) throw fault;
    }
  }

  async loadMore() {
    if (!this.#cursor) return;
    const page = await this.#client.session.get('/api/notifications', { cursor: this.#cursor, limit: PAGE });
    this.#cursor = page.next;
    this.update({
      notifications: once([...this.getSnapshot().notifications, ...page.results]),
      hasMore: page.next !== null,
    });
  }

  async read(id) {
    const { notification } = await this.#client.session.post(`/api/notifications/${id}/read`);
    const notifications = this.getSnapshot().notifications.map((one) => (one.id === id ? notification : one));
    this.update({ notifications });
    await this.#count.ask();
  }

  async readAll() {
    await this.#client.session.post('/api/notifications/read-all');
    await this.reload();
  }

  /** For the client: a `notification` event. */
  receive({ type, data }) {
    const { notifications, unread } = this.getSnapshot();
    if (notifications.some((one) => one.id === data.id)) return;
    const { id, title, body, payload, conversation_id, created_at } = data;
    const added = { id, type, title, body, payload, conversation_id, created_at, read_at: null };
    this.update({ notifications: [added, ...notifications], unread: unread + 1 });
    // What is being read may not have it yet.
    if (this.#newest.isUnderWay) void this.reload();
    else if (this.#count.isUnderWay) void this.#count.ask();
  }

  async #readCount() {
    const { unread_count } = await this.#client.session.get('/api/notifications/unread-count');
    this.update({ unread: unread_count });
  }
}

function once(notifications) {
  return [...new Map(notifications.map((one) => [one.id, one])).values()];
}
