/** Pure functions that turn a conversation's messages into rows, so that a page can draw only what has changed. */

const TOGETHER = 5 * 60_000;
const BLOCK = 50;

function isTogether(one, other) {
  return (
    one.sender_id === other.sender_id &&
    one.message_type === other.message_type &&
    new Date(other.created_at) - new Date(one.created_at) < TOGETHER
  );
}

/**
 * Return rows with keys: `{key, kind: 'day', at, today}`, `{key, kind: 'new'}`,
 * `{key, kind: 'message', message, isFirst}`, `{key, kind: 'outgoing', entry, isFirst}`. `marker` is the id of the
 * first new message; the heading of a day depends on `today`.
 */
function rowsOf({ messages, outgoing }, { marker, me, today }) {
  const rows = [];
  let before = null;
  let day = '';
  for (const message of messages) {
    const now = new Date(message.created_at).toDateString();
    if (now !== day) rows.push({ key: `day-${now}`, kind: 'day', at: message.created_at, today });
    if (message.id === marker) rows.push({ key: 'new', kind: 'new' });
    const isFirst = now !== day || message.id === marker || !before || !isTogether(before, message);
    rows.push({ key: message.id, kind: 'message', message, isFirst });
    [before, day] = [message, now];
  }
  const arrived = new Set(messages.slice(-outgoing.length || messages.length).map((one) => one.client_message_id));
  for (const entry of outgoing) {
    // The event can be received before the response to the request.
    if (arrived.has(entry.client_message_id)) continue;
    const own = { sender_id: me, message_type: 'user_input', created_at: entry.created_at };
    rows.push({ key: entry.client_message_id, kind: 'outgoing', entry, isFirst: !before || !isTogether(before, own) });
    before = own;
  }
  return rows;
}

/**
 * Return the rows in blocks, `{key, rows}`. Browsers skip the layout of blocks that are not in view; to track thousands
 * of single rows would take longer than a frame. Blocks are formed by `seq`, so a block does not change when earlier
 * messages are loaded.
 */
export function blocksOf(state, options) {
  const blocks = [];
  let rows = [];
  for (const row of rowsOf(state, options)) {
    rows.push(row);
    // The heading of a day and the mark of new messages belong to the block of the next message.
    if (!row.message && !row.entry) continue;
    const key = row.message ? Math.floor(row.message.seq / BLOCK) : 'outgoing';
    if (blocks.at(-1)?.key === key) blocks.at(-1).rows.push(...rows);
    else blocks.push({ key, rows });
    rows = [];
  }
  return blocks;
}
