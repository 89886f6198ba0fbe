/**
 * A snapshot with listeners, for React's `useSyncExternalStore`.
 *
 * A snapshot is never changed, only replaced. Several changes in a row call each listener once.
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

  /** Replace some members of the snapshot, and call the listeners. For subclasses. */
  update(changes) {
    this.#snapshot = Object.freeze({ ...this.#snapshot, ...changes });
    if (this.#isTelling) return;
    this.#isTelling = true;
    void Promise.resolve().then(() => {
      this.#isTelling = false;
      for (const listener of [...this.#listeners]) listener(this.#snapshot);
    });
  }
}
