/** Numbered events, given on once each and in order, however they come: `apply(event, data)`. */
export class Sequence {
  #ahead = new Map();
  #apply;
  #position = 0;

  constructor(apply) {
    this.#apply = apply;
  }

  /** The number of the last event that was given on. */
  get position() {
    return this.#position;
  }

  /** Everything up to here is known from elsewhere. */
  startFrom(position) {
    this.#position = position;
  }

  add(seq, event, data) {
    this.#ahead.set(seq, [event, data]);
  }

  /** Give on what is next. Answers whether there is more behind a gap. */
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
