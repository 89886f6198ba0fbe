import { stepsFrom } from './log.js';
import { Reading } from './reading.js';

/** Reads how far a deal has come into the snapshot of its conversation. */
export class DealReader {
  #session;
  #path;
  #conversation;
  #deal;

  /** `path` is that of the conversation. */
  constructor(session, path, conversation, isWanted) {
    this.#session = session;
    this.#path = path;
    this.#conversation = conversation;
    this.#deal = new Reading(() => this.#read(), isWanted);
  }

  load() {
    return this.#deal.ask();
  }

  async #read() {
    const { deal } = await this.#session.get(`${this.#path}/deal`);
    this.#conversation.update({ deal });
  }

  async loadSteps() {
    this.#conversation.update({ steps: [] });
    const found = await stepsFrom(this.#session, this.#path);
    const bySeq = new Map([...found, ...this.#conversation.getSnapshot().steps].map((step) => [step.seq, step]));
    this.#conversation.update({ steps: [...bySeq.values()] });
  }
}
