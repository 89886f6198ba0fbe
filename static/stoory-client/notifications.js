import { ConnectionLost, SignedOut } from './errors.js';
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

  constructor(client) {
    super({ unread: 0, notifications: [], hasMore: false });
    this.#client = client;
    if (client.isOnline) void this.reload();
  }

  /** Read the newest again: reading a conversation reads its notifications. */
  async reload() {
    await this.#quietly(async () => {
      const page = await this.#client.session.get('/api/notifications', { limit: PAGE });
      this.#cursor = page.next;
      this.update({ notifications: page.results, hasMore: page.next !== null });
      await this.#count();
    });
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
    await this.#count();
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
  }

  async #count() {
    const { unread_count } = await this.#client.session.get('/api/notifications/unread-count');
    this.update({ unread: unread_count });
  }

  /** Without a connection there is nothing to show; the next one reads it. */
  async #quietly(work) {
    try {
      await work();
    } catch (fault) {
      if (!(fault instanceof ConnectionLost || fault instanceof SignedOut)) throw fault;
    }
  }
}

function once(notifications) {
  return [...new Map(notifications.map((one) => [one.id, one])).values()];
}
