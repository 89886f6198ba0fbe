import { firstUnread } from 'stoory-client';

import { draw, guard, html, icon, made, onceAtATime, repeat } from './html.js';
import { filled, gettext, isolated, ngettext } from './i18n.js';
import { drawn, mayBeUnread } from './message.js';
import { blocksOf } from './rows.js';
import { today } from './today.js';

const NEAR_END = 90;
const EARLIER_MARGIN = '900px 0px 0px 0px';
const EARLIER_PAGE = 100;
const JUMP_PAGE = 200;
const PAUSE = 3_000;

const byKey = ({ key }) => key;

/**
 * The scrollable messages of a conversation. Scrolled to the end, it follows new messages; elsewhere it keeps its
 * position. It marks new messages and reports which messages the user has seen.
 */
export class MessagesView {
  #conversation;
  #context;
  #marker = null;
  #isFresh = true;
  #isAtEnd = true;
  #end = 0;
  #below = 0;
  #unreadAbove = 0;
  #newest = 0;
  #newestOfOthers = 0;
  #openedAt = 0;
  #visible = new Set();
  #seen;
  #top;
  #resized;

  /** `context` is the argument of `drawn` in message.js, with `state()`, which returns the current snapshot. */
  constructor(conversation, context) {
    this.#conversation = conversation;
    this.#context = context;
    this.element = made(
      html`<div class="messages-frame">
        <div
          class="scroller"
          tabindex="0"
          role="region"
          aria-label=${gettext('Messages')}
          @scroll=${() => this.#scrolled()}
        >
          <div class="earlier"><span class="spinner" hidden></span></div>
          <div class="messages"></div>
        </div>
      </div>`,
    );
    this.scroller = this.element.firstElementChild;
    [this.earlier, this.list] = this.scroller.children;
    this.#top = new IntersectionObserver(([entry]) => entry.isIntersecting && void this.#loadEarlier(), {
      root: this.scroller,
      rootMargin: EARLIER_MARGIN,
    });
    this.#seen = new IntersectionObserver((entries) => this.#haveSeen(entries), {
      root: this.scroller,
      threshold: 0.5,
    });
    this.#resized = new ResizeObserver(() => this.#stay());
    for (const element of [this.scroller, this.list]) this.#resized.observe(element);
    document.addEventListener('visibilitychange', this.#onVisibility);
  }

  dispose() {
    for (const observer of [this.#top, this.#seen, this.#resized]) observer.disconnect();
    document.removeEventListener('visibilitychange', this.#onVisibility);
  }

  /** Show a snapshot of the conversation. */
  show(state) {
    this.earlier.firstElementChild.hidden = !state.isLoadingEarlier;
    if (state.phase !== 'ready') return;
    this.#noticeLeaving();
    this.scroller.setAttribute('aria-label', this.#label(state.conversation));
    if (this.#isFresh) this.#begin(state);
    else this.#notice(state);
    const anchor = this.#isAtEnd ? null : this.#anchor();
    const blocks = blocksOf(state, { marker: this.#marker, me: this.#context.me, today: today() });
    draw(this.list, html`${repeat(blocks, byKey, (block) => this.#block(block))}`);
    for (const row of this.list.querySelectorAll('[data-unread]')) this.#seen.observe(row);
    if (this.#isFresh) this.#settle();
    else if (anchor) this.#keep(anchor);
    else this.#toEnd();
    this.#showJumps();
    this.#newestOfOthers = state.messages.findLast((one) => mayBeUnread(one, this.#context.me))?.seq ?? 0;
    this.#tellSeen();
  }

  #label({ other_user: other, title }) {
    return filled(gettext('Messages with %(name)s'), { name: isolated(other?.name ?? title) });
  }

  /** Scroll to the end and remove the mark of new messages, for example after the user has sent a message. */
  scrollToEnd() {
    this.#marker = null;
    this.#unreadAbove = 0;
    this.#isAtEnd = true;
    this.show(this.#context.state());
    this.#toEnd();
  }

  /** Return a block of rows. Only changed blocks and rows are drawn again, because there can be thousands. */
  #block({ rows }) {
    const isClosed = this.#context.isClosed();
    const one = (row) => guard([isClosed, ...Object.values(row)], () => drawn(row, this.#context));
    return guard(
      [isClosed, ...rows.flatMap(Object.values)],
      () =>
        html`<ol class="block" .style=${`--rows: ${rows.length}`}>
          ${repeat(rows, byKey, one)}
        </ol>`,
    );
  }

  // --- New messages ---

  #begin({ messages, conversation }) {
    const first = firstUnread(messages, conversation.unread_count, this.#context.me);
    this.#marker = first?.id ?? null;
    this.#unreadAbove = first ? 0 : conversation.unread_count;
    const last = messages.at(-1)?.seq ?? 0;
    this.#newest = this.#openedAt = last;
  }

  /** Mark and count messages of others that arrive while the end is not in view. */
  #notice({ messages }) {
    const last = messages.at(-1)?.seq ?? 0;
    if (last <= this.#newest) return;
    const added = messages.filter((one) => one.seq > this.#newest);
    this.#newest = last;
    const others = added.filter((one) => one.sender_id !== this.#context.me);
    if (this.#isAtEnd && document.visibilityState === 'visible') return;
    this.#below += others.length;
    if (this.#below === others.length && others.length) this.#marker = others[0].id;
  }

  #haveSeen(entries) {
    for (const { target, isIntersecting } of entries) {
      const seq = Number(target.dataset.seq);
      if (isIntersecting) this.#visible.add(seq);
      else this.#visible.delete(seq);
    }
    this.#tellSeen();
  }

  #onVisibility = () => this.#tellSeen();

  /** Mark the visible messages as read. At the end of the list, mark all messages, including tall messages. */
  #tellSeen() {
    if (document.visibilityState !== 'visible' || !this.scroller.clientHeight) return;
    const seen = Math.max(0, ...this.#visible, this.#isAtEnd ? this.#newestOfOthers : 0);
    if (seen) this.#conversation.markRead(seen);
  }

  // --- Scrolling ---

  #settle() {
    this.#isFresh = false;
    const marker = this.list.querySelector('.new-marker');
    if (marker) this.scroller.scrollTop = marker.offsetTop - this.scroller.clientHeight / 4;
    else this.#toEnd();
    this.#top.observe(this.earlier);
    // The distance to the end is known only after the browser has laid out the visible rows.
    this.#isAtEnd = !marker;
    requestAnimationFrame(() => requestAnimationFrame(() => this.#scrolled()));
  }

  /** Stay at the end after a change of size. */
  #stay() {
    this.#noticeLeaving();
    if (this.#isAtEnd) this.#toEnd();
  }

  /** Do not scroll back to the end if the user has just left it: the scroll event can still be pending. */
  #noticeLeaving() {
    if (this.#isAtEnd && this.scroller.scrollTop < this.#end) this.#scrolled();
  }

  #toEnd() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.#end = this.scroller.scrollTop;
  }

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    const isAtEnd = scrollHeight - scrollTop - clientHeight < NEAR_END;
    if (isAtEnd === this.#isAtEnd) return;
    this.#isAtEnd = isAtEnd;
    if (isAtEnd) this.#below = 0;
    this.#showJumps();
    this.#tellSeen();
  }

  /** Return the first visible row and its position. */
  #anchor() {
    const edge = this.scroller.getBoundingClientRect().top;
    const block = reaching(this.list.children, edge);
    const element = block && reaching(block.children, edge);
    return element && { element, top: element.getBoundingClientRect().top };
  }

  #keep({ element, top }) {
    if (!element.isConnected) return;
    // Turn off the browser's scroll anchoring, which would move the row a second time.
    this.scroller.classList.add('by-hand');
    this.scroller.scrollTop += element.getBoundingClientRect().top - top;
    requestAnimationFrame(() => this.scroller.classList.remove('by-hand'));
  }

  async #loadEarlier() {
    try {
      if (await this.#conversation.loadEarlier({ limit: EARLIER_PAGE })) this.#lookAgain();
    } catch {
      setTimeout(() => this.#lookAgain(), PAUSE);
    }
  }

  /** Make the observer report again whether the top is in view. */
  #lookAgain() {
    this.#top.unobserve(this.earlier);
    this.#top.observe(this.earlier);
  }

  async #jumpToUnread() {
    const count = this.#unreadAbove;
    while (!this.#find(count) && (await this.#conversation.loadEarlier({ limit: JUMP_PAGE })));
    const { messages } = this.#conversation.getSnapshot();
    this.#marker = (this.#find(count) ?? messages[0])?.id ?? null;
    this.#unreadAbove = 0;
    this.#isAtEnd = false;
    this.show(this.#context.state());
    this.list.querySelector('.new-marker')?.scrollIntoView({ block: 'center' });
    this.#scrolled();
  }

  #find(count) {
    const { messages } = this.#conversation.getSnapshot();
    return firstUnread(
      messages.filter((one) => one.seq <= this.#openedAt),
      count,
      this.#context.me,
    );
  }

  #showJumps() {
    const above = filled(ngettext('%(n)s unread message', '%(n)s unread messages', this.#unreadAbove), {
      n: this.#unreadAbove,
    });
    const below = filled(ngettext('%(n)s new message', '%(n)s new messages', this.#below), { n: this.#below });
    const toUnread = ({ currentTarget }) =>
      void onceAtATime(currentTarget, () => this.#jumpToUnread().catch(this.#context.onFault));
    draw(
      this.element,
      html`<button type="button" class="jump up" ?hidden=${!this.#unreadAbove} @click=${toUnread}>
          ${icon('arrow-up')}${above}
        </button>
        <button type="button" class="jump down" ?hidden=${this.#isAtEnd} @click=${() => this.scrollToEnd()}>
          ${icon('arrow-down')}${this.#below ? below : gettext('Latest')}
        </button>`,
    );
  }
}

/** Return the first element that ends below `edge`, by binary search. The elements are ordered from top to bottom. */
function reaching(elements, edge) {
  let [low, high] = [0, elements.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (elements[middle].getBoundingClientRect().bottom > edge) high = middle;
    else low = middle + 1;
  }
  return elements[low];
}
