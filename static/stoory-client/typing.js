/** The server ends typing after 6 s by itself, so it is sent again sooner than that. */
const REPEAT = 3_000;
const IDLE = 4_000;
const LONGEST = 8_000;

/** Tells that one is typing: at once, then rarely, and that one has ceased after a pause. */
export class TypingSignal {
  #send;
  #last = 0;
  #timer = null;

  /** `send(isTyping)` */
  constructor(send) {
    this.#send = send;
  }

  /** To be called at each key press. */
  begin() {
    const now = Date.now();
    if (now - this.#last >= REPEAT) {
      this.#last = now;
      this.#send(true);
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.end(), IDLE);
  }

  end() {
    clearTimeout(this.#timer);
    if (this.#last) this.#send(false);
    this.#last = 0;
  }
}

/** Who else is typing. A word that got lost does not leave somebody typing for ever. */
export class Typists {
  #timers = new Map();
  #onChange;

  /** `onChange(ids)` */
  constructor(onChange) {
    this.#onChange = onChange;
  }

  set(userId, isTyping) {
    const was = this.#timers.has(userId);
    clearTimeout(this.#timers.get(userId));
    if (isTyping)
      this.#timers.set(
        userId,
        setTimeout(() => this.set(userId, false), LONGEST),
      );
    else this.#timers.delete(userId);
    if (was !== isTyping) this.#onChange([...this.#timers.keys()]);
  }

  clear() {
    for (const userId of [...this.#timers.keys()]) this.set(userId, false);
  }
}
