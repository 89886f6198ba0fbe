/** What a promise of the library means where the server does not answer: waiting, raising, and the end of it. */

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

/** Each thing that is read, with the path whose refusal keeps it from being so, and what shows that it was. */
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

/** Someone connected, with nothing read yet but that an opened conversation is open. */
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

test('what fails for a moment resolves when it was tried again', async (t) => {
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

test('what is asked for without a connection resolves when there is one', async () => {
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

test('what is declined for good is raised, and can be asked for again', async () => {
  for (const name of Object.keys(READS)) {
    const { server, client, path, ask, shown } = await stage(name);
    server.refuse(path, 400, { code: 'invalid' });
    await assert.rejects(ask(), (fault) => fault instanceof Refused && fault.code === 'invalid', name);
    assert.equal(await stateOf(ask()), 'resolved', name);
    assert.ok(shown(), name);
    client.disconnect();
  }
});

test('what nobody waits for is no unhandled rejection when it is declined', async () => {
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

test('what waits is told when the client disconnects, signs out or loses its login session', async () => {
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

test('what waits for a list is told when it is disposed of, and for a conversation when it is closed', async () => {
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

test('a client that is not connected tries nothing again: what fails is raised', async () => {
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

test('marking notifications as read raises what keeps them from being marked, to who waits alone', async () => {
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
