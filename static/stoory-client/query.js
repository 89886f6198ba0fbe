import { passes } from './errors.js';

const PAUSES = [1_000, 2_000, 4_000, 8_000, 15_000];

/** Return the milliseconds to wait before the next try: the server's `retry_after`, or longer with each try. */
export function pauseAfter(tries, fault) {
  return fault.retryAfter ? fault.retryAfter * 1000 : PAUSES[Math.min(tries, PAUSES.length) - 1];
}

/** Return the same promise, marked as handled: without an `await`, its failure is not an unhandled rejection. */
export function unattended(promise) {
  promise.catch(() => {});
  return promise;
}

/**
 * A read from the server whose result is never older than the call.
 *
 * Each caller gets the result of a read that began after its call. After a temporary error the read is retried: after a
 * pause or, without a connection, by `resume`. All other errors are raised.
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
   * `read(isCurrent)` returns a promise; `isCurrent()` returns false when a later read has replaced this read.
   * `conditions` has two functions: `isOnline()`, and `willRetry()`, which returns whether a failed read is retried.
   */
  constructor(read, conditions) {
    this.#read = read;
    this.#conditions = conditions;
  }

  get isRunning() {
    return this.#running !== null;
  }

  /** A promise that resolves when the running read has ended, with or without success. */
  get attempt() {
    return this.#running ?? Promise.resolve();
  }

  /** Read after the running read has ended. Resolves when this read has succeeded. */
  fetch() {
    const promise = promised(this.#waiting);
    this.#running ?? this.#start();
    return promise;
  }

  /** Read at once, and ignore the result of the running read. The callers of that read get the result of this read. */
  refetch() {
    const promise = promised(this.#waiting);
    this.#waiting.unshift(...this.#served.splice(0));
    this.#start();
    return promise;
  }

  /** Resolves when all requested reads have succeeded. */
  settled() {
    if (this.#waiting.length) return promised(this.#waiting);
    return this.isRunning ? promised(this.#served) : Promise.resolve();
  }

  /** Retry after a reconnect. */
  resume() {
    if (this.#waiting.length && !this.isRunning) this.#start();
  }

  /** Reject all pending calls with `fault`. */
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

  /** Return whether the read will be retried. */
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

/** The queries of one object, which are resumed and ended together. */
export class Queries {
  #all = [];
  #conditions;

  /** `isOpen()` returns whether the object is in use. */
  constructor(client, isOpen = () => true) {
    const isKept = () => !['closed', 'ended'].includes(client.getSnapshot().status);
    this.#conditions = { isOnline: () => client.isOnline, willRetry: () => isOpen() && isKept() };
  }

  /** Create a `Query` with this `read`. */
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
