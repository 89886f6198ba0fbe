const PAUSE = 150;

/** How far one has read. It only moves forward, and is told once for moves that come close together. */
export class ReadMark {
  #tell;
  #at = 0;
  #timer = null;

  /** `tell(seq)` answers a promise; where that fails, the next move tells anew. */
  constructor(tell) {
    this.#tell = tell;
  }

  moveTo(seq) {
    if (seq <= this.#at) return;
    this.#at = seq;
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#tell(this.#at).catch(() => (this.#at = 0));
    }, PAUSE);
  }
}
