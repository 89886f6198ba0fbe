import assert from 'node:assert/strict';
import { test } from 'node:test';

import { FakeServer, ROOM, settled } from './fakes.js';

const POST = `POST /api/conversations/${ROOM}/messages`;
const posts = (server) => server.requests.filter((one) => one.method === 'POST' && one.path.endsWith('/messages'));

function memory() {
  const held = new Map();
  return {
    getItem: (key) => held.get(key) ?? null,
    setItem: (key, value) => held.set(key, value),
    removeItem: (key) => held.delete(key),
    held,
  };
}

test('a text is shown at once, and not duplicated when it has been stored', async () => {
  const server = new FakeServer();
  const { conversation } = await server.opened();
  const id = conversation.send('Hello');
  const { outgoing } = conversation.getSnapshot();
  assert.deepEqual(
    outgoing.map((one) => [one.message, one.status, one.client_message_id]),
    [['Hello', 'sending', id]],
  );
  await settled();
  assert.deepEqual(conversation.getSnapshot().outgoing, []);
  assert.deepEqual(
    conversation.getSnapshot().messages.map((one) => one.client_message_id),
    [id],
  );
});

test('texts are sent one at a time, in the order in which they were written', async () => {
  const server = new FakeServer();
  const { conversation } = await server.opened();
  for (const text of ['one', 'two', 'three']) conversation.send(text);
  await settled();
  assert.deepEqual(
    conversation.getSnapshot().messages.map((one) => one.message),
    ['one', 'two', 'three'],
  );
});

test('a text written while disconnected is sent with the same id after connecting', async () => {
  const server = new FakeServer();
  const { conversation } = await server.opened();
  server.isAway = true;
  server.socket.tell('disconnect', 'transport close');
  const id = conversation.send('Patience');
  await settled();
  assert.deepEqual(
    conversation.getSnapshot().outgoing.map((one) => one.status),
    ['waiting'],
  );
  server.isAway = false;
  server.socket.tell('connect');
  await settled();
  assert.deepEqual(conversation.getSnapshot().outgoing, []);
  assert.deepEqual(new Set(posts(server).map((one) => one.body.client_message_id)), new Set([id]));
  assert.equal(server.messages.length, 1);
});

test('a text whose response and event were lost is sent again and stored once', async (t) => {
  const server = new FakeServer();
  const { conversation } = await server.opened();
  t.mock.timers.enable({ apis: ['setTimeout'] });
  server.losesAnswers = true;
  const id = conversation.send('Once');
  await settled();
  assert.deepEqual(
    conversation.getSnapshot().outgoing.map((one) => one.status),
    ['waiting'],
  );
  server.losesAnswers = false;
  t.mock.timers.tick(1_000);
  await settled();
  assert.equal(posts(server).length, 2);
  assert.deepEqual(
    server.messages.map((one) => one.client_message_id),
    [id],
  );
  assert.deepEqual(
    conversation.getSnapshot().messages.map((one) => one.client_message_id),
    [id],
  );
  assert.deepEqual(conversation.getSnapshot().outgoing, []);
});

test('a rejected text has failed, and the next text is sent', async () => {
  const server = new FakeServer();
  const { conversation } = await server.opened();
  server.refuse(POST, 409, { code: 'conversation_closed', message: 'The conversation is closed.' });
  conversation.send('Too late');
  conversation.send('Another');
  await settled();
  const { outgoing, messages } = conversation.getSnapshot();
  assert.deepEqual(
    outgoing.map((one) => [one.message, one.status, one.error]),
    [['Too late', 'failed', 'The conversation is closed.']],
  );
  assert.deepEqual(
    messages.map((one) => one.message),
    ['Another'],
  );
});

test('a failed text is retried with its id, or discarded', async () => {
  const server = new FakeServer();
  const { conversation } = await server.opened();
  server.refuse(POST, 400);
  const first = conversation.send('Again');
  await settled();
  await conversation.retry(first);
  assert.deepEqual(
    posts(server).map((one) => one.body.client_message_id),
    [first, first],
  );
  server.refuse(POST, 400);
  const second = conversation.send('Never mind');
  await settled();
  conversation.discard(second);
  assert.deepEqual(conversation.getSnapshot().outgoing, []);
});

test('sending is retried after the time that the server asks to wait', async (t) => {
  const server = new FakeServer();
  const { conversation } = await server.opened();
  t.mock.timers.enable({ apis: ['setTimeout'] });
  server.refuse(POST, 429, { code: 'rate_limited', retry_after: 3 });
  conversation.send('Later');
  await settled();
  assert.deepEqual(
    conversation.getSnapshot().outgoing.map((one) => one.status),
    ['waiting'],
  );
  t.mock.timers.tick(2_999);
  await settled();
  assert.equal(server.messages.length, 0);
  t.mock.timers.tick(1);
  await settled();
  assert.equal(server.messages.length, 1);
});

test('unsent texts survive a reload', async () => {
  const server = new FakeServer();
  const outbox = memory();
  const before = await server.opened({ outbox });
  server.isAway = true;
  const id = before.conversation.send('Still here');
  await settled();
  before.conversation.close();
  server.isAway = false;
  const after = await server.opened({ outbox });
  await settled();
  assert.deepEqual(
    after.conversation.getSnapshot().messages.map((one) => one.client_message_id),
    [id],
  );
  assert.equal(outbox.held.size, 0);
});

test('typing is reported at once, then rarely, and its end after a pause', async (t) => {
  const server = new FakeServer();
  const { conversation } = await server.opened();
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000_000 });
  const told = () => server.socket.sent.filter(([name]) => name.startsWith('typing')).map(([name]) => name);
  for (let key = 0; key < 20; key += 1) {
    conversation.typing();
    t.mock.timers.tick(100);
  }
  assert.deepEqual(told(), ['typing_start']);
  t.mock.timers.tick(1_100);
  conversation.typing();
  assert.deepEqual(told(), ['typing_start', 'typing_start']);
  t.mock.timers.tick(4_000);
  assert.deepEqual(told(), ['typing_start', 'typing_start', 'typing_stop']);
});

test('a typing indicator without an end expires', async (t) => {
  const server = new FakeServer();
  const { conversation } = await server.opened();
  t.mock.timers.enable({ apis: ['setTimeout'] });
  server.socket.tell('user_typing', { conversationId: ROOM, userId: 'x', isTyping: true });
  assert.deepEqual(conversation.getSnapshot().typing, ['x']);
  t.mock.timers.tick(8_000);
  assert.deepEqual(conversation.getSnapshot().typing, []);
});

test('messages read together are reported once, and the read mark never moves back', async (t) => {
  const server = new FakeServer();
  const { conversation } = await server.opened();
  t.mock.timers.enable({ apis: ['setTimeout'] });
  for (const seq of [3, 5, 4]) conversation.markRead(seq);
  t.mock.timers.tick(150);
  await settled();
  conversation.markRead(5);
  t.mock.timers.tick(150);
  await settled();
  assert.deepEqual(
    server.requests.filter((one) => one.path.endsWith('/read')).map((one) => one.body),
    [{ up_to: 5 }],
  );
});

test('messages read while disconnected are reported after connecting', async (t) => {
  const server = new FakeServer();
  const { conversation } = await server.opened();
  t.mock.timers.enable({ apis: ['setTimeout'] });
  server.isAway = true;
  conversation.markRead(4);
  t.mock.timers.tick(150);
  await settled();
  server.isAway = false;
  server.socket.tell('connect');
  await settled();
  t.mock.timers.tick(150);
  await settled();
  const told = server.requests.filter((one) => one.path.endsWith('/read'));
  assert.deepEqual(
    told.map((one) => one.body),
    [{ up_to: 4 }, { up_to: 4 }],
  );
});

test('an action carries the state version of its offer, and a conflict updates the conversation', async () => {
  const server = new FakeServer();
  const { conversation } = await server.opened();
  await conversation.act({ action: 'accept_price', state_version: 7 }, { price: '10' });
  const sent = server.requests.find((one) => one.path.endsWith('/actions'));
  assert.deepEqual(sent.body, { action: 'accept_price', data: { price: '10' }, state_version: 7 });
  server.version = 9;
  server.refuse(`POST /api/conversations/${ROOM}/actions`, 409, {
    code: 'stale_action',
    conversation: server.conversation,
  });
  await assert.rejects(conversation.act({ action: 'accept_price', state_version: 7 }), {
    code: 'stale_action',
    status: 409,
  });
  assert.equal(conversation.getSnapshot().conversation.state_version, 9);
});
