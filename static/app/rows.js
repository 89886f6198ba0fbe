/** What a conversation's messages look like, line by line: pure, so that a page only has to draw what has changed. */

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
 * The rows, keyed: `{key, kind: 'day', at}`, `{key, kind: 'new'}`, `{key, kind: 'message', message, isFirst}`,
 * `{key, kind: 'outgoing', entry, isFirst}`. `marker` is the id of the message before which reading goes on.
 */
function rowsOf({ messages, outgoing }, { marker, me }) {
  const rows = [];
  let before = null;
  let day = '';
  for (const message of messages) {
    const now = new Date(message.created_at).toDateString();
    if (now !== day) rows.push({ key: `day-${now}`, kind: 'day', at: message.created_at });
    if (message.id === marker) rows.push({ key: 'new', kind: 'new' });
    const isFirst = now !== day || message.id === marker || !before || !isTogether(before, message);
    rows.push({ key: message.id, kind: 'message', message, isFirst });
    [before, day] = [message, now];
  }
  const arrived = new Set(messages.slice(-outgoing.length || messages.length).map((one) => one.client_message_id));
  for (const entry of outgoing) {
    // Its event may come before the answer to the request.
    if (arrived.has(entry.client_message_id)) continue;
    const own = { sender_id: me, message_type: 'user_input', created_at: entry.created_at };
    rows.push({ key: entry.client_message_id, kind: 'outgoing', entry, isFirst: !before || !isTogether(before, own) });
    before = own;
  }
  return rows;
}

/**
 * The same rows in blocks, `{key, rows}`, of which a browser can leave out those that are not in view: it could leave
 * out single rows as well, but to follow thousands of them takes longer than a frame. Blocks go by `seq`, so that none
 * changes when others come before it.
 */
export function blocksOf(state, options) {
  const blocks = [];
  let rows = [];
  for (const row of rowsOf(state, options)) {
    rows.push(row);
    // A day, and the mark of what is new, go with the message after them.
    if (!row.message && !row.entry) continue;
    const key = row.message ? Math.floor(row.message.seq / BLOCK) : 'outgoing';
    if (blocks.at(-1)?.key === key) blocks.at(-1).rows.push(...rows);
    else blocks.push({ key, rows });
    rows = [];
  }
  return blocks;
}
