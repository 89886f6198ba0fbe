const PAUSE = 150;

/** The `seq` up to which the user has read. It only moves forward. Moves within `PAUSE` ms are sent together. */
export class ReadMark {
  #query;
  #at = 0;
  #sent = 0;
  #timer = null;

  /** `send(seq)` returns a promise. A failed send is retried as one of the `queries`, or by `flush`. */
  constructor(send, queries) {
    this.#query = queries.of(async () => {
      const seq = this.#at;
      if (seq <= this.#sent) return;
      await send(seq);
      this.#sent = seq;
    });
  }

  moveTo(seq) {
    this.#at = Math.max(this.#at, seq);
    this.flush();
  }

  /** Send the read mark if it has moved since the last successful send. */
  flush() {
    if (this.#timer !== null || this.#at <= this.#sent) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.#query.fetch();
    }, PAUSE);
  }
}
