/** The promises of the library when the server does not respond: they wait, reject, or end with the client. */

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { Closed, ConnectionLost, Refused, SignedOut } from '../../static/stoory-client/index.js';
import { connected, note, stateOf } from './asked.js';
import { FakeServer, newMessage, ROOM, settled } from './fakes.js';

const LIST = '/api/conversations';
const CONVERSATION = `${LIST}/${ROOM}`;
const MESSAGES = `${CONVERSATION}/messages`;
const unhandled = [];
process.on('unhandledRejection', (fault) => unhandled.push(fault));

after(async () => {
  await settled();
  assert.deepEqual(unhandled, []);
});

// --- Failures ---

/** Each read with its request, the function that starts it, and the result in the snapshot. */
const READS = {
  'list.reload': [`GET ${LIST}`, ({ list }) => list.reload(), ({ list }) => list.getSnapshot().conversations.length],
  'list.show': [
    `GET ${LIST}`,
    ({ list }) => list.show({ unread: true }),
    ({ list }) => list.getSnapshot().conversations.length,
  ],
  'notifications.reload': [
    'GET /api/notifications',
    ({ client }) => client.notifications.reload(),
    ({ client }) => client.notifications.getSnapshot().notifications.length,
  ],
  'notifications.reload, the count': [
    'GET /api/notifications/unread-count',
    ({ client }) => client.notifications.reload(),
    ({ client }) => client.notifications.getSnapshot().unread,
  ],
  'conversation.open': [
    `GET ${MESSAGES}`,
    ({ conversation }) => conversation.open(),
    ({ conversation }) => conversation.getSnapshot().messages.length,
  ],
  'conversation.loadDeal': [
    `GET ${CONVERSATION}/deal`,
    ({ conversation }) => conversation.loadDeal(),
    ({ conversation }) => conversation.getSnapshot().deal,
  ],
  'conversation.loadSteps': [
    `GET ${CONVERSATION}/events`,
    ({ conversation }) => conversation.loadSteps(),
    ({ conversation }) => conversation.getSnapshot().steps?.length,
  ],
};

/** Create a connected client that has read nothing. If the read needs an open conversation, open it. */
async function stage(name) {
  const server = new FakeServer();
  server.log.push([
    'conversation_state_changed',
    { seq: 1, conversation_id: ROOM, previous_state: null, new_state: {}, reason: 'opened', timestamp: '' },
  ]);
  server.log.push(newMessage(2));
  const client = connected(server);
  const conversation = client.conversation(ROOM);
  if (name.startsWith('conversation.load')) await conversation.open();
  server.notified = [note('n1')];
  const [path, ask, shown] = READS[name];
  const parts = { server, client, conversation, list: client.conversationList() };
  if (name.startsWith('notifications')) void client.notifications;
  await settled();
  return { ...parts, path, ask: () => ask(parts), shown: () => shown(parts) };
}

test('a read that fails temporarily resolves after a retry', async (t) => {
  for (const name of Object.keys(READS)) {
    const { server, client, path, ask, shown } = await stage(name);
    t.mock.timers.enable({ apis: ['setTimeout'] });
    server.refuse(path, 503);
    const asked = ask();
    assert.equal(await stateOf(asked), 'pending', name);
    server.refuse(path, 429, { retry_after: 3 });
    t.mock.timers.tick(1_000);
    assert.equal(await stateOf(asked), 'pending', name);
    t.mock.timers.tick(2_999);
    assert.equal(await stateOf(asked), 'pending', name);
    t.mock.timers.tick(1);
    assert.equal(await stateOf(asked), 'resolved', name);
    assert.ok(shown(), name);
    t.mock.timers.reset();
    client.disconnect();
  }
});

test('a read requested while disconnected resolves after connecting', async () => {
  for (const name of Object.keys(READS)) {
    const { server, client, ask, shown } = await stage(name);
    server.isAway = true;
    server.socket.tell('disconnect', 'transport close');
    const asked = ask();
    assert.equal(await stateOf(asked), 'pending', name);
    server.isAway = false;
    server.socket.tell('connect');
    assert.equal(await stateOf(asked), 'resolved', name);
    assert.ok(shown(), name);
    client.disconnect();
  }
});

test('a permanent error rejects the promise, and the read can be requested again', async () => {
  for (const name of Object.keys(READS)) {
    const { server, client, path, ask, shown } = await stage(name);
    server.refuse(path, 400, { code: 'invalid' });
    await assert.rejects(ask(), (fault) => fault instanceof Refused && fault.code === 'invalid', name);
    assert.equal(await stateOf(ask()), 'resolved', name);
    assert.ok(shown(), name);
    client.disconnect();
  }
});

test('an error of a read that nobody awaits is not an unhandled rejection', async () => {
  for (const name of Object.keys(READS)) {
    const { server, client, path, ask } = await stage(name);
    server.refuse(path, 400);
    void ask();
    await settled();
    client.disconnect();
  }
  await settled();
  assert.deepEqual(unhandled, []);
});

// --- The end ---

test('pending promises reject when the client disconnects, signs out or loses its login session', async () => {
  const ends = [
    [Closed, ({ client }) => client.disconnect()],
    [SignedOut, ({ client }) => void client.signOut().catch(() => {})],
    [SignedOut, ({ client }) => client.session.end()],
  ];
  for (const name of Object.keys(READS)) {
    for (const [kind, end] of ends) {
      const parts = await stage(name);
      parts.server.isAway = true;
      parts.server.socket.tell('disconnect', 'transport close');
      const asked = parts.ask();
      assert.equal(await stateOf(asked), 'pending', name);
      end(parts);
      assert.ok((await stateOf(asked)) instanceof kind, `${name} ${kind.name}`);
    }
  }
});

test('pending promises reject when their list is disposed of or their conversation is closed', async () => {
  for (const name of ['list.reload', 'conversation.open', 'conversation.loadDeal', 'conversation.loadSteps']) {
    const { server, client, list, conversation, ask, shown } = await stage(name);
    server.isAway = true;
    server.socket.tell('disconnect', 'transport close');
    const asked = ask();
    await settled();
    if (name.startsWith('list')) list.dispose();
    else conversation.close();
    assert.ok((await stateOf(asked)) instanceof Closed, name);
    server.isAway = false;
    server.socket.tell('connect');
    await settled();
    assert.ok(!shown() || name === 'conversation.loadSteps', name);
    client.disconnect();
  }
});

test('a disconnected client retries nothing: errors reject the promise', async () => {
  const server = new FakeServer();
  const client = server.client();
  server.isAway = true;
  for (const asked of [
    client.conversationList().reload(),
    client.notifications.reload(),
    client.conversation(ROOM).open(),
  ]) {
    assert.ok((await stateOf(asked)) instanceof ConnectionLost);
  }
});

test('an error while marking notifications as read rejects only the promise of that call', async () => {
  const server = new FakeServer();
  server.notified = [note('n1')];
  const { notifications } = connected(server);
  await settled();
  for (const [path, mark] of [
    ['/api/notifications/n1/read', () => notifications.read('n1')],
    ['/api/notifications/read-all', () => notifications.readAll()],
  ]) {
    server.refuse(`POST ${path}`, 503);
    await assert.rejects(mark(), Refused);
    server.refuse(`POST ${path}`, 503);
    void mark();
    await settled();
  }
  await notifications.readAll();
  assert.equal(notifications.getSnapshot().unread, 0);
});
