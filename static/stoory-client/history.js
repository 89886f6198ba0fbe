/** Pure functions that apply events to the snapshot of a conversation. Call them in the order of `seq`. */

/** The snapshot of a conversation before it is loaded. */
export const EMPTY = {
  phase: 'loading',
  fault: null,
  conversation: null,
  messages: [],
  outgoing: [],
  typing: [],
  online: [],
  hasEarlier: false,
  isLoadingEarlier: false,
  steps: null,
  deal: null,
};

/** Return the messages of both lists by `seq`, each once. If a list has a newer version of a message, use it. */
export function merged(messages, added) {
  const last = messages[messages.length - 1];
  if (added.length === 1 && (!last || added[0].seq > last.seq)) return [...messages, added[0]];
  const byId = new Map(messages.map((message) => [message.id, message]));
  for (const message of added) byId.set(message.id, later(byId.get(message.id), message));
  return [...byId.values()].sort((one, other) => one.seq - other.seq);
}

/** Return the messages of a page that was read again. Unchanged messages are the same objects as before. */
export function reread(messages, page) {
  const byId = new Map(messages.map((message) => [message.id, message]));
  return page.map((message) => later(byId.get(message.id), message));
}

/** Return whether a file that was being checked in the version `held` is ready or refused in the version `given`. */
function isProcessed(held, given) {
  const checked = new Map(given.attachments.map(({ id, status }) => [id, status]));
  return held.attachments.some(({ id, status }) => status === 'pending' && checked.get(id) !== 'pending');
}

/** Return the newer version of a message: a response can be received after events that are newer than it. */
function later(held, given) {
  if (!held) return given;
  if (Boolean(held.deleted_at) !== Boolean(given.deleted_at)) return held.deleted_at ? held : given;
  const [before, after] = [held.edited_at ?? '', given.edited_at ?? ''];
  const isChanged = given.message !== held.message || isProcessed(held, given);
  const isEdited = after > before || (after === before && isChanged);
  const known = isEdited ? given : held;
  const read_at = held.read_at ?? given.read_at;
  return known.read_at === read_at ? known : { ...known, read_at };
}

/** Return a conversation with the fields of `context`, unless the context is older than the conversation. */
export function withContext(conversation, context) {
  if (context.state_version < conversation.state_version) return conversation;
  const isStep = context.state_version > conversation.state_version;
  return {
    ...conversation,
    ...context,
    // The available actions differ for each user, so they are read again.
    available_actions: isStep ? [] : conversation.available_actions,
  };
}

function changed(messages, isMeant, change) {
  return messages.map((message) => (isMeant(message) ? { ...message, ...change(message) } : message));
}

const CHANGES = {
  new_message: (state, { message, conversation_context: context }) => ({
    messages: merged(state.messages, [message]),
    conversation: { ...withContext(state.conversation, context), last_message: message },
  }),

  message_updated: (state, { message }) => ({
    messages: changed(
      state.messages,
      (one) => one.id === message.id && !one.deleted_at,
      (held) => later(held, message),
    ),
  }),

  message_deleted: (state, { message_id: id, deleted_at }) => ({
    messages: changed(
      state.messages,
      (one) => one.id === id,
      () => ({ message: '', media_url: null, attachments: [], deleted_at }),
    ),
  }),

  messages_read: (state, { user_id: reader, up_to_seq: end, read_at }) => ({
    messages: changed(
      state.messages,
      (one) => one.sender_id !== reader && one.seq <= end && !one.read_at,
      () => ({ read_at }),
    ),
  }),

  conversation_state_changed: (state, step) => ({ steps: state.steps && [...state.steps, step] }),

  conversation_updated: (state, { conversation_context: context, stage }) => ({
    conversation: withContext(state.conversation, { ...context, stage }),
  }),
};

/** Return the members of the snapshot that an event changes; `{}` for an unknown event. */
export function changesOf(state, event, data) {
  return CHANGES[event]?.(state, data) ?? {};
}

/** Return the oldest of the `count` newest messages that user `me` has not sent; null if it is not loaded. */
export function firstUnread(messages, count, me) {
  let left = count;
  for (let at = messages.length - 1; at >= 0 && left > 0; at -= 1) {
    const message = messages[at];
    if (message.sender_id !== me && !message.deleted_at && (left -= 1) === 0) return message;
  }
  return null;
}

/** Return whether the prompt of a message is still open: the state has not changed since. */
export function isOpenPrompt(message, conversation) {
  const prompt = message.action_data;
  return Boolean(prompt) && !prompt.completed && prompt.state_version === conversation.state_version;
}

/** Return the changes of a `presence` event; null if it is about a user who is not the other participant. */
export function changesOfPresence({ conversation, online }, { user_id: userId, online: isOnline, last_seen }) {
  if (conversation?.other_user?.id !== userId) return null;
  const others = online.filter((one) => one !== userId);
  return {
    online: isOnline ? [...others, userId] : others,
    conversation: { ...conversation, other_user: { ...conversation.other_user, online: isOnline, last_seen } },
  };
}
