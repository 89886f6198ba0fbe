import { stepsFrom } from './log.js';

/** Reads how far a deal has come into the snapshot of its conversation. */
export class DealReader {
  #session;
  #path;
  #conversation;
  #deal;
  #steps;

  /** `path` is that of the conversation, `readings` are its readings. */
  constructor(session, path, conversation, readings) {
    this.#session = session;
    this.#path = path;
    this.#conversation = conversation;
    this.#deal = readings.of(() => this.#readDeal());
    this.#steps = readings.of(() => this.#readSteps());
  }

  load() {
    return this.#deal.ask();
  }

  loadSteps() {
    return this.#steps.ask();
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
