const PAUSE = 150;

/** How far one has read. It only moves forward, and is sent once for moves that come close together. */
export class ReadMark {
  #query;
  #at = 0;
  #sent = 0;
  #timer = null;

  /** `send(seq)` answers a promise. What it fails to send is sent again, as one of the `queries`, or by `flush`. */
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

  /** Send what has not been sent. */
  flush() {
    if (this.#timer !== null || this.#at <= this.#sent) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.#query.fetch();
    }, PAUSE);
  }
}
