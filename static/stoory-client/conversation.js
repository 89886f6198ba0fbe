import { Closed, Refused } from './errors.js';
import { DealReader } from './deal.js';
import { EarlierMessages } from './earlier.js';
import { changesOf, changesOfPresence, EMPTY, merged, reread } from './history.js';
import { joined } from './joining.js';
import { logFrom } from './log.js';
import { bodyOf, Outbox } from './outbox.js';
import { ReadMark } from './read-mark.js';
import { Queries, unattended } from './query.js';
import { Sequence } from './sequence.js';
import { Store } from './store.js';
import { TypingSignal, Typists } from './typing.js';

const PAGE = 50;

/**
 * One conversation, kept up to date while it is open.
 *
 * Each logged event is applied once and in the order of `seq`: repeated events are dropped, and gaps are filled from
 * the server's event log. After a lost connection the conversation is joined again, and the server replays the missed
 * events. If its log does not reach back that far, the conversation is loaded again.
 *
 * Snapshot: `phase` (`loading`, `ready`, `gone`), `fault` (why loading failed; a temporary failure is followed by
 * another read), `conversation`, `messages` (by `seq`), `outgoing` (unsent messages: `status` is `sending`, `waiting`
 * or `failed`), `typing` (user ids), `online` (user ids), `hasEarlier`, `isLoadingEarlier`, `steps` (null until
 * `loadSteps`), `deal` (null until `loadDeal`).
 */
export class Conversation extends Store {
  #client;
  #path;
  #events = new Sequence((event, data) => this.#apply(event, data));
  #queries;
  #newest;
  #entry;
  #gap;
  #state;
  #earlier;
  #deal;
  #lastPresence = null;
  #outbox;
  #typists;
  #signal;
  #mark;
  #users = 0; // views that have opened the conversation and not closed it

  constructor(client, id, { storage, newId } = {}) {
    super(EMPTY);
    this.id = id;
    this.#client = client;
    this.#path = `/api/conversations/${id}`;
    this.#outbox = new Outbox({
      send: (entry) => this.#deliver(entry),
      onChange: () => this.update({ outgoing: this.#outbox.entries }),
      isOnline: () => client.isOnline,
      storage,
      newId,
      key: `stoory.outbox.${client.session.user?.id}.${id}`,
    });
    this.update({ outgoing: this.#outbox.entries });
    this.#typists = new Typists((typing) => this.update({ typing }));
    this.#signal = new TypingSignal((isTyping) => {
      client.emit(isTyping ? 'typing_start' : 'typing_stop', { conversationId: id });
    });
    this.#queries = new Queries(client, () => this.#users > 0);
    this.#newest = this.#queries.of(() => this.#readNewest());
    this.#entry = this.#queries.of(() => this.#enter());
    this.#gap = this.#queries.of(() => this.#readLog());
    this.#state = this.#queries.of(() => this.#readState());
    this.#earlier = new EarlierMessages(client.session, this.#path, this, this.#newest);
    this.#mark = new ReadMark((seq) => client.session.post(`${this.#path}/read`, { up_to: seq }), this.#queries);
    this.#deal = new DealReader(client.session, this.#path, this, this.#queries);
  }

  // --- Open and close ---

  /** Load the conversation and join its room. Resolves when `phase` is `ready` or `gone`. Each call needs a `close`. */
  open() {
    // The snapshot lacks what happened while the conversation was closed, so it is shown only without a connection.
    if (!this.#users && this.#client.isOnline) this.update({ phase: 'loading' });
    this.#users += 1;
    return unattended(this.#loaded());
  }

  async #loaded() {
    await this.#newest.fetch();
    await this.#entry.attempt;
    void this.#outbox.flush();
  }

  /** Load the conversation again at once, for example after a failure. Resolves like `open`. */
  reload() {
    this.update({ fault: null });
    return unattended(this.#newest.refetch());
  }

  /** Leave the room with the last user. The snapshot stays for the next `open`. Pending reads raise `Closed`. */
  close() {
    if (!this.#users || (this.#users -= 1)) return;
    this.#queries.giveUp(new Closed());
    this.#signal.end();
    this.#typists.clear();
    this.#outbox.stop();
    this.#client.emit('leave_conversation', { conversationId: this.id });
  }

  /** Called by the client after each connect. */
  connected() {
    if (!this.#users) return;
    if (this.getSnapshot().phase === 'ready') void this.#entry.fetch();
    else if (!this.#newest.isRunning) void this.#newest.fetch();
    this.#queries.resume();
    this.#mark.flush();
    void this.#outbox.flush();
  }

  /** Called by the client when the connection is lost. */
  disconnected() {
    this.#typists.clear();
  }

  /** Called by the client when it will not connect again. Pending reads raise `fault`. */
  ended(fault) {
    this.#queries.giveUp(fault);
  }

  async #readNewest() {
    try {
      // The order matters: a change between the two requests is in the page and is received again as an event.
      const { conversation } = await this.#client.session.get(this.#path);
      const page = await this.#client.session.get(`${this.#path}/messages`, { limit: PAGE });
      this.#events.startFrom(conversation.seq);
      const messages = reread(this.getSnapshot().messages, page.results);
      this.update({ phase: 'ready', fault: null, conversation, messages, hasEarlier: page.previous !== null });
      if (this.getSnapshot().steps) void this.loadSteps();
      this.#drain();
      void this.#entry.fetch();
    } catch (fault) {
      const isGone = fault instanceof Refused && [403, 404].includes(fault.status);
      this.update(isGone ? { phase: 'gone' } : { fault });
      if (!isGone) throw fault;
    }
  }

  async #enter() {
    if (!this.#client.isOnline || !this.#users || this.getSnapshot().phase !== 'ready') return;
    this.#lastPresence = null;
    const answer = await joined(this.#client, this.id, this.#events.position);
    if (!answer) this.update({ phase: 'gone' });
    else if (answer.reset) void this.#newest.fetch();
    else {
      this.#takeConversation(answer.conversation);
      this.update({ online: answer.online });
      // A presence event that was received during the join is newer than the response.
      if (this.#lastPresence) this.presence(this.#lastPresence);
    }
  }

  // --- Events ---

  /** Called by the client for each event of this conversation, logged or ephemeral. */
  receive(event, data) {
    if (event === 'user_typing') this.#typists.set(data.userId, data.isTyping);
    else if (event === 'conversation_list_updated') this.#count(data);
    else {
      this.#events.add(data.seq, event, data);
      this.#drain();
    }
  }

  /** Called by the client when a user comes online or goes offline. */
  presence(data) {
    const changes = changesOfPresence(this.getSnapshot(), data);
    if (!changes) return;
    this.#lastPresence = data;
    this.update(changes);
  }

  #count({ unread_count }) {
    const { conversation } = this.getSnapshot();
    if (conversation) this.update({ conversation: { ...conversation, unread_count } });
  }

  #drain() {
    // Events after a gap wait until the missing events have been read from the log.
    if (this.getSnapshot().phase === 'ready' && this.#events.drain()) void this.#gap.fetch();
  }

  #apply(event, data) {
    const before = this.getSnapshot();
    this.update(changesOf(before, event, data));
    if (event === 'new_message') {
      this.#typists.set(data.message.sender_id, false);
      if (data.message.client_message_id) this.#outbox.settle(data.message.client_message_id);
    }
    const after = this.getSnapshot().conversation;
    // The event does not contain the available actions, because they differ for each user.
    if (after.state_version > before.conversation.state_version) void this.#state.fetch();
  }

  async #readLog() {
    for await (const page of logFrom(this.#client.session, this.#path, this.#events.position)) {
      if (page.reset) {
        await this.#newest.fetch();
        return;
      }
      for (const { seq, event, data } of page.results) this.#events.add(seq, event, data);
      this.#drain();
    }
  }

  async #readState() {
    let conversation;
    do ({ conversation } = await this.#client.session.get(this.#path));
    while (conversation.state_version < this.getSnapshot().conversation.state_version);
    this.#takeConversation(conversation);
  }

  #takeConversation(conversation) {
    const { conversation: held } = this.getSnapshot();
    if (!held || conversation.state_version >= held.state_version) this.update({ conversation });
  }

  // --- Messages and actions ---

  /** Send a message: it is in `outgoing` at once, in `messages` when stored. Returns its id, `client_message_id`. */
  send(message, { attachments = [], media_url, ...id } = {}) {
    this.#signal.end();
    return this.#outbox.add({ message, attachments, media_url, ...id });
  }

  retry(clientMessageId) {
    return this.#outbox.retry(clientMessageId);
  }

  discard(clientMessageId) {
    this.#outbox.settle(clientMessageId);
  }

  async #deliver(entry) {
    const { message } = await this.#client.session.post(`${this.#path}/messages`, bodyOf(entry));
    this.update({ messages: merged(this.getSnapshot().messages, [message]) });
  }

  /**
   * Take one of `available_actions`; `data` has its inputs by id. Returns `{conversation, message?, payment?}`. Raises
   * `Refused`; if its `status` is 409, the state has changed and the snapshot has the current state.
   */
  async act({ action, state_version }, data = {}) {
    try {
      const answer = await this.#client.session.post(`${this.#path}/actions`, { action, data, state_version });
      this.#takeConversation(answer.conversation);
      return answer;
    } catch (fault) {
      if (fault instanceof Refused && fault.body.conversation) this.#takeConversation(fault.body.conversation);
      throw fault;
    }
  }

  /** Change the text of the user's own message. Raises `Refused`, `ConnectionLost` or `SignedOut`. */
  edit(messageId, message) {
    return this.#change('PATCH', messageId, { message });
  }

  /** Delete the user's own message: its text disappears, its `seq` stays. Raises the same errors as `edit`. */
  remove(messageId) {
    return this.#change('DELETE', messageId);
  }

  async #change(method, messageId, body) {
    const { message } = await this.#client.session.request(method, `/api/messages/${messageId}`, { body });
    this.update({ messages: merged(this.getSnapshot().messages, [message]) });
  }

  /** Call this at each key press. The other users see that the user is typing, until 4 seconds after the last call. */
  typing() {
    this.#signal.begin();
  }

  /** Mark everything up to this `seq` as read. Calls within 150 ms are sent as one request. */
  markRead(seq) {
    this.#mark.moveTo(seq);
  }

  /** Load up to `limit` messages before the oldest loaded message. Returns whether there are still earlier messages. */
  loadEarlier({ limit = PAGE } = {}) {
    return this.#earlier.load(limit);
  }

  /** Load the steps of the flow, each a `conversation_state_changed` event. New steps are then added automatically. */
  loadSteps() {
    return this.#deal.loadSteps();
  }

  /** Load the current offers, the agreed price and the payment status. */
  loadDeal() {
    return this.#deal.load();
  }
}
