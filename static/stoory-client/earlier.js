import { merged } from './history.js';
import { Pages } from './pages.js';
import { unattended } from './query.js';

/** Reads earlier messages into the snapshot of the conversation. */
export class EarlierMessages {
  #session;
  #path;
  #conversation;
  #pages;

  /** `path` is the conversation's REST path; `newest` is the `Query` that reads its newest messages. */
  constructor(session, path, conversation, newest) {
    this.#session = session;
    this.#path = path;
    this.#conversation = conversation;
    this.#pages = new Pages(newest, {
      endOf: () => this.#oldest,
      read: (before, limit) => this.#read(before, limit),
      show: (page) => this.#show(page),
    });
  }

  /** Load the next page. Returns whether there are still earlier messages. */
  load(limit) {
    return unattended(this.#pages.more(limit).then(() => this.#conversation.getSnapshot().hasEarlier));
  }

  get #oldest() {
    const { hasEarlier, messages } = this.#conversation.getSnapshot();
    return hasEarlier ? messages[0].seq : null;
  }

  async #read(before, limit) {
    this.#conversation.update({ isLoadingEarlier: true });
    try {
      return await this.#session.get(`${this.#path}/messages`, { before, limit });
    } finally {
      this.#conversation.update({ isLoadingEarlier: false });
    }
  }

  #show({ results, previous }) {
    const { messages } = this.#conversation.getSnapshot();
    this.#conversation.update({ messages: merged(results, messages), hasEarlier: previous !== null });
  }
}
