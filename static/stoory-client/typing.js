/** Milliseconds after which typing is sent again: the server ends it after 6 seconds. */
const REPEAT = 3_000;
const IDLE = 4_000;
const LONGEST = 8_000;

/** Sends `true` while the user is typing, at most every `REPEAT` ms, and `false` after a pause of `IDLE` ms. */
export class TypingSignal {
  #send;
  #last = 0;
  #timer = null;

  /** `send(isTyping)` sends the signal. */
  constructor(send) {
    this.#send = send;
  }

  /** Call this at each key press. */
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

/** The other users who are typing. If the stop signal is lost, typing ends after `LONGEST` ms. */
export class Typists {
  #timers = new Map();
  #onChange;

  /** `onChange(ids)` is called with the ids of the typing users. */
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
