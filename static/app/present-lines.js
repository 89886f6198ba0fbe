/** Milliseconds after which the presence in a visible line is read again, and between two looks. */
const OLD = 45_000;
const LOOK = 5_000;

/**
 * Keeps the presence in the visible lines of the conversation list at most a minute old while the page is visible. The
 * server sends presence events only for conversations that are open.
 */
export class PresentLines {
  #list;
  #readAt = new Map();
  #visible = new Set();
  #isReading = false;
  #notBefore = 0;
  #observer = new IntersectionObserver((entries) => this.#moved(entries));

  /** `list` is a `ConversationList`. */
  constructor(list) {
    this.#list = list;
    setInterval(() => void this.#look(), LOOK);
    document.addEventListener('visibilitychange', () => void this.#look());
  }

  /** Watch these elements. Their `data-id` is the id of the conversation. */
  watch(lines) {
    for (const line of lines) {
      if (!this.#readAt.has(line.dataset.id)) this.#readAt.set(line.dataset.id, Date.now());
      this.#observer.observe(line);
    }
  }

  #moved(entries) {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) this.#visible.add(target.dataset.id);
      else this.#visible.delete(target.dataset.id);
    }
    void this.#look();
  }

  async #look() {
    const now = Date.now();
    if (this.#isReading || document.visibilityState !== 'visible' || now < this.#notBefore) return;
    const isOld = (id) => now - this.#readAt.get(id) >= OLD;
    if (![...this.#visible].some(isOld)) return;
    this.#isReading = true;
    try {
      const ids = [...this.#visible];
      await this.#list.readPresence(ids);
      for (const id of ids) this.#readAt.set(id, now);
    } catch (fault) {
      this.#notBefore = now + (fault.retryAfter ?? 0) * 1000;
    } finally {
      this.#isReading = false;
    }
  }
}
