import { stepsFrom } from './log.js';

/** Reads a deal and the steps of its flow into the snapshot of the conversation. */
export class DealReader {
  #session;
  #path;
  #conversation;
  #deal;
  #steps;

  /** `path` is the conversation's REST path; `queries` are the conversation's `Queries`. */
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
    // Create the list first, so that steps that are received during the read are added to it.
    if (!this.#conversation.getSnapshot().steps) this.#conversation.update({ steps: [] });
    const found = await stepsFrom(this.#session, this.#path);
    const bySeq = new Map([...found, ...this.#conversation.getSnapshot().steps].map((step) => [step.seq, step]));
    this.#conversation.update({ steps: [...bySeq.values()] });
  }
}
