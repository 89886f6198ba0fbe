/**
 * A value that changes, and who wants to know.
 *
 * A snapshot is never changed, only replaced: `getSnapshot` and `subscribe` are what React's `useSyncExternalStore`
 * takes. Listeners hear of changes that happen together once.
 */
export class Store {
  #snapshot;
  #listeners = new Set();
  #isTelling = false;

  constructor(initial) {
    this.#snapshot = Object.freeze({ ...initial });
  }

  getSnapshot = () => this.#snapshot;

  /** @returns a function that ends the subscription */
  subscribe = (listener) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** For subclasses: replace some members. */
  update(changes) {
    this.#snapshot = Object.freeze({ ...this.#snapshot, ...changes });
    if (this.#isTelling) return;
    this.#isTelling = true;
    queueMicrotask(() => {
      this.#isTelling = false;
      for (const listener of [...this.#listeners]) listener(this.#snapshot);
    });
  }
}
