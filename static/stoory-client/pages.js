import { unattended } from './query.js';

/**
 * The pages that follow what a `Query` reads, one at a time.
 *
 * A page is put behind what it follows only. Where that was read anew meanwhile, the page after the new end is read.
 */
export class Pages {
  #first;
  #read;
  #show;
  #endOf;
  #underWay = null;

  /**
   * `endOf()` answers where what is held ends, null where nothing follows; `read(end, options)` answers the page after
   * it; `show(page)` puts it there.
   */
  constructor(first, { endOf, read, show }) {
    this.#first = first;
    this.#endOf = endOf;
    this.#read = read;
    this.#show = show;
  }

  /** Resolves when the next page is shown, or nothing follows. It is not tried again: every fault is raised. */
  more(options) {
    this.#underWay ??= unattended(this.#more(options).finally(() => (this.#underWay = null)));
    return this.#underWay;
  }

  async #more(options) {
    for (;;) {
      await this.#first.settled();
      const end = this.#endOf();
      if (end === null) return;
      const page = await this.#read(end, options);
      if (!this.#first.isRunning && this.#endOf() === end) {
        this.#show(page);
        return;
      }
    }
  }
}
