import { merged } from './history.js';
import { Pages } from './pages.js';
import { unattended } from './query.js';

/** Reads older messages into the snapshot of their conversation. */
export class EarlierMessages {
  #session;
  #path;
  #conversation;
  #pages;

  /** `path` is that of the conversation, `newest` what reads its newest messages. */
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

  /** Answers whether there is still more. */
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
