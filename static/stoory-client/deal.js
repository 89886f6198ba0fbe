import { stepsFrom } from './log.js';

/** Reads how far a deal has come into the snapshot of its conversation. */
export class DealReader {
  #session;
  #path;
  #conversation;
  #deal;
  #steps;

  /** `path` is that of the conversation, `queries` are its queries. */
  constructor(session, path, conversation, queries) {
    this.#session = session;
    this.#path = path;
    this.#conversation = conversation;
    this.#deal = queries.of(() => this.#readDeal());
    this.#steps = queries.of(() => this.#readSteps());
  }

  load() {
    return this.#deal.fetch();
  }

  loadSteps() {
    return this.#steps.fetch();
  }

  async #readDeal() {
    const { deal } = await this.#session.get(`${this.#path}/deal`);
    this.#conversation.update({ deal });
  }

  async #readSteps() {
    // What comes while they are being read is added.
    if (!this.#conversation.getSnapshot().steps) this.#conversation.update({ steps: [] });
    const found = await stepsFrom(this.#session, this.#path);
    const bySeq = new Map([...found, ...this.#conversation.getSnapshot().steps].map((step) => [step.seq, step]));
    this.#conversation.update({ steps: [...bySeq.values()] });
  }
}
