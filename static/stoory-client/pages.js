import { unattended } from './query.js';

/**
 * Reads the pages after the first page, which a `Query` reads, one at a time.
 *
 * A page is added only to the list that it continues. If the first page was read again during the request, the page
 * after the new end is read instead.
 */
export class Pages {
  #first;
  #read;
  #show;
  #endOf;
  #underWay = null;

  /**
   * `first` is the `Query` of the first page. `endOf()` returns the end of the loaded list, or null if no page follows.
   * `read(end, options)` returns a promise of the page after that end. `show(page)` adds the page to the list.
   */
  constructor(first, { endOf, read, show }) {
    this.#first = first;
    this.#endOf = endOf;
    this.#read = read;
    this.#show = show;
  }

  /** Load the next page. Resolves when it is shown, or when no page follows. Raises every error, without a retry. */
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
