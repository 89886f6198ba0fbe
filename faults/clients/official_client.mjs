// Unmodified socket.io-client 4, used as the quick start shows: it joins each conversation once, on the first connect,
// and the library does everything else. One line of JSON on stdin configures the clients. They print records of the
// same kinds as the Python clients.
import { createInterface } from 'node:readline';
import { io } from 'socket.io-client';

const OWN_EVENTS = new Set(['notification', 'conversation_list_updated', 'token_expiring']);

const record = (kind, members) =>
  process.stdout.write(JSON.stringify({ kind, t: Number(process.hrtime.bigint()) / 1e9, ...members }) + '\n');

function describe(event, data, user) {
  const inner = data.data ?? {};
  const conversation = data.conversation_id ?? data.conversationId ?? inner.conversation_id ?? null;
  return {
    room: OWN_EVENTS.has(event) ? `user_${user}` : `conversation_${conversation}`,
    seq: data.seq ?? null,
    id: data.message?.id ?? data.message_id ?? inner.id ?? null,
    conversation,
  };
}

function observe({ name, user, url, token, conversations, transports }) {
  let connection = 0;
  let arrived = 0;
  record('client', { client: name, user, may_miss_events: false });
  const socket = io(url, { auth: { token }, transports });
  socket.on('connect', () => {
    connection += 1;
    record('connected', { client: name, connection, recovered: socket.recovered });
    if (connection === 1) join();
  });
  const joined =
    (room) =>
    ({ success, seq, reset, code }) =>
      success
        ? record('joined', { client: name, connection, room, seq, after: null, reset })
        : record('refused', { client: name, connection, room, reason: code });
  function join() {
    socket.emit('join_user_room', { userId: user }, joined(`user_${user}`));
    for (const conversationId of conversations)
      socket.emit('join_conversation', { conversationId }, joined(`conversation_${conversationId}`));
  }
  socket.on('disconnect', (reason) => record('disconnected', { client: name, connection, reason }));
  socket.on('connect_error', (error) => {
    if (!socket.active) record('ended', { client: name, reason: error.data?.code ?? error.message });
  });
  socket.onAny((event, data) =>
    record('event', { client: name, connection, n: ++arrived, event, ...describe(event, data, user) }),
  );
}

const lines = createInterface({ input: process.stdin });
lines.once('line', (line) => JSON.parse(line).forEach(observe));
lines.once('close', () => process.exit(0));
