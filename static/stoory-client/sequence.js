/** Passes each numbered event to `apply(event, data)` once and in order, even if events arrive in another order. */
export class Sequence {
  #ahead = new Map();
  #apply;
  #position = 0;

  constructor(apply) {
    this.#apply = apply;
  }

  /** The number of the last applied event. */
  get position() {
    return this.#position;
  }

  /** Skip the events up to this number: a snapshot from the server already contains them. */
  startFrom(position) {
    this.#position = position;
  }

  add(seq, event, data) {
    this.#ahead.set(seq, [event, data]);
  }

  /** Apply the next events up to the first gap. Returns whether events wait behind a gap. */
  drain() {
    for (const seq of this.#ahead.keys()) if (seq <= this.#position) this.#ahead.delete(seq);
    for (let next = this.#next(); next; next = this.#next()) this.#apply(...next);
    return this.#ahead.size > 0;
  }

  #next() {
    const next = this.#ahead.get(this.#position + 1);
    if (next) this.#ahead.delete((this.#position += 1));
    return next;
  }
}
