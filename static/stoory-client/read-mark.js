const PAUSE = 150;

/** How far one has read. It only moves forward, and is told once for moves that come close together. */
export class ReadMark {
  #telling;
  #at = 0;
  #told = 0;
  #timer = null;

  /** `tell(seq)` answers a promise. What it fails to tell is told again, as one of the `readings`, or by `flush`. */
  constructor(tell, readings) {
    this.#telling = readings.of(async () => {
      const seq = this.#at;
      if (seq <= this.#told) return;
      await tell(seq);
      this.#told = seq;
    });
  }

  moveTo(seq) {
    this.#at = Math.max(this.#at, seq);
    this.flush();
  }

  /** Tell what has not been told. */
  flush() {
    if (this.#timer !== null || this.#at <= this.#told) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.#telling.ask();
    }, PAUSE);
  }
}
