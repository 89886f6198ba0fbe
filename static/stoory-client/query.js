import { passes } from './errors.js';

const PAUSES = [1_000, 2_000, 4_000, 8_000, 15_000];

/** Milliseconds until the next try after so many, unless the server has said how long. */
export function pauseAfter(tries, fault) {
  return fault.retryAfter ? fault.retryAfter * 1000 : PAUSES[Math.min(tries, PAUSES.length) - 1];
}

/** The same promise, which nobody has to wait for: that it fails is then no unhandled rejection. */
export function unattended(promise) {
  promise.catch(() => {});
  return promise;
}

/**
 * Something that is read from the server and must not be older than the events since.
 *
 * Whoever asks is answered by a read that began after the question. A fault that passes is waited out: the read is
 * tried again after a pause or, without a connection, by `resume`. What will not be tried again is raised.
 */
export class Query {
  #read;
  #conditions;
  #waiting = [];
  #served = [];
  #generation = 0;
  #running = null;
  #timer = null;
  #tries = 0;

  /**
   * `read(isCurrent)` answers a promise; `isCurrent()` says whether its answer is still wanted. `conditions` are
   * two functions: `isOnline`, and `willRetry` (whether it is in use, and will be online again).
   */
  constructor(read, conditions) {
    this.#read = read;
    this.#conditions = conditions;
  }

  get isRunning() {
    return this.#running !== null;
  }

  /** Resolves when what is under way is over, whatever came of it. */
  get attempt() {
    return this.#running ?? Promise.resolve();
  }

  /** Resolves when it has been read. What is under way ends before it is read again. */
  fetch() {
    const promise = promised(this.#waiting);
    this.#running ?? this.#start();
    return promise;
  }

  /** The same at once: the answer that is under way is not wanted any more. Who waits for it waits for this one. */
  refetch() {
    const promise = promised(this.#waiting);
    this.#waiting.unshift(...this.#served.splice(0));
    this.#start();
    return promise;
  }

  /** Resolves when nothing that was asked for is missing. */
  settled() {
    if (this.#waiting.length) return promised(this.#waiting);
    return this.isRunning ? promised(this.#served) : Promise.resolve();
  }

  /** There is a connection again: try what waits for it. */
  resume() {
    if (this.#waiting.length && !this.isRunning) this.#start();
  }

  /** Nobody waits any more. */
  giveUp(fault) {
    clearTimeout(this.#timer);
    for (const one of [...this.#served.splice(0), ...this.#waiting.splice(0)]) one.reject(fault);
  }

  #start() {
    clearTimeout(this.#timer);
    this.#generation += 1;
    this.#running = this.#run(this.#generation);
  }

  async #run(generation) {
    const isCurrent = () => generation === this.#generation;
    let isWaitedOut = false;
    while (isCurrent() && this.#waiting.length && !isWaitedOut) {
      this.#served = this.#waiting.splice(0);
      try {
        await this.#read(isCurrent);
        if (isCurrent()) this.#hasRead();
      } catch (fault) {
        if (isCurrent()) isWaitedOut = this.#hasFailed(fault);
      }
    }
    if (isCurrent()) this.#running = null;
  }

  #hasRead() {
    this.#tries = 0;
    for (const one of this.#served.splice(0)) one.resolve();
  }

  /** Answers whether it is tried again later. */
  #hasFailed(fault) {
    const served = this.#served.splice(0);
    const { isOnline, willRetry } = this.#conditions;
    if (!passes(fault) || !willRetry()) {
      for (const one of served) one.reject(fault);
      return false;
    }
    this.#waiting.unshift(...served);
    this.#tries += 1;
    this.#timer = setTimeout(() => isOnline() && this.resume(), pauseAfter(this.#tries, fault));
    return true;
  }
}

/** All that one object reads: it goes on together, and ends together. */
export class Queries {
  #all = [];
  #conditions;

  /** `isOpen()` says whether the object is in use. */
  constructor(client, isOpen = () => true) {
    const isKept = () => !['closed', 'ended'].includes(client.getSnapshot().status);
    this.#conditions = { isOnline: () => client.isOnline, willRetry: () => isOpen() && isKept() };
  }

  /** What `read` reads; see `Query`. */
  of(read) {
    const one = new Query(read, this.#conditions);
    this.#all.push(one);
    return one;
  }

  resume() {
    for (const one of this.#all) one.resume();
  }

  giveUp(fault) {
    for (const one of this.#all) one.giveUp(fault);
  }
}

function promised(waiting) {
  return unattended(new Promise((resolve, reject) => waiting.push({ resolve, reject })));
}
