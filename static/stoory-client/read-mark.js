const PAUSE = 150;

/** How far one has read. It only moves forward, and is told once for moves that come close together. */
export class ReadMark {
  #tell;
  #at = 0;
  #told = 0;
  #timer = null;

  /** `tell(seq)` answers a promise. What it fails to tell is told with the next move, or by `flush`. */
  constructor(tell) {
    this.#tell = tell;
  }

  moveTo(seq) {
    this.#at = Math.max(this.#at, seq);
    this.flush();
  }

  /** Tell what has not been told. */
  flush() {
    if (this.#at <= this.#told) return;
    this.#timer ??= setTimeout(async () => {
      this.#timer = null;
      const before = this.#told;
      this.#told = this.#at;
      await this.#tell(this.#at).catch(() => (this.#told = before));
    }, PAUSE);
  }
}
