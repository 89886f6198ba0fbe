import { passes } from './errors.js';

const PAUSES = [1_000, 2_000, 4_000, 8_000, 15_000];

/** Milliseconds until the next try after so many, unless the server has said how long. */
export function pauseAfter(tries, fault) {
  return fault.retryAfter ? fault.retryAfter * 1000 : PAUSES[Math.min(tries, PAUSES.length) - 1];
}

/**
 * Something that is read from the server and must not be older than what has been told since.
 *
 * Asked for while it is being read, it is read once more after that. A fault that passes is waited out, as long as
 * `isWanted`; without a connection there is nothing to wait for, the next one asks anew.
 */
export class Reading {
  #read;
  #isWanted;
  #isAsked = false;
  #running = null;
  #timer = null;
  #tries = 0;

  constructor(read, isWanted) {
    this.#read = read;
    this.#isWanted = isWanted;
  }

  get isUnderWay() {
    return this.#running !== null;
  }

  /** Resolves when it has been read, or cannot be for the moment; raises what will not pass by itself. */
  ask() {
    clearTimeout(this.#timer);
    this.#isAsked = true;
    return (this.#running ??= this.#run());
  }

  /** The same, but for what is declined for good: that is said when something is done, nothing fails for it before. */
  askQuietly() {
    return this.ask().catch(() => {});
  }

  async #run() {
    try {
      while (this.#isAsked) {
        this.#isAsked = false;
        await this.#read();
        this.#tries = 0;
      }
    } catch (fault) {
      if (!passes(fault)) throw fault;
      this.#tries += 1;
      this.#timer = setTimeout(() => this.#isWanted() && void this.askQuietly(), pauseAfter(this.#tries, fault));
    } finally {
      this.#running = null;
    }
  }
}
