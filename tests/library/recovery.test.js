import assert from 'node:assert/strict';
import { test } from 'node:test';

import { context, FakeServer, newMessage, ROOM, settled } from './fakes.js';

const texts = (conversation) => conversation.getSnapshot().messages.map((one) => one.message);

test('after a lost connection a conversation is joined at its last event', async () => {
  const server = new FakeServer();
  const { client, conversation } = await server.opened();
  server.happens(newMessage(1));
  server.isAway = true;
  server.socket.tell('disconnect', 'transport close');
  assert.equal(client.getSnapshot().status, 'reconnecting');
  server.happens(newMessage(2));
  server.happens(newMessage(3));
  server.isAway = false;
  server.socket.tell('connect');
  await settled();
  assert.deepEqual(texts(conversation), ['text 1', 'text 2', 'text 3']);
  assert.equal(server.socket.sent.at(-1)[1].after, 1);
});

test('a conversation is loaded again if the log no longer has the missed events', async () => {
  const server = new FakeServer();
  const { conversation } = await server.opened();
  server.isAway = true;
  for (let seq = 1; seq <= 80; seq += 1) server.happens(newMessage(seq));
  server.isAway = false;
  server.floor = 70;
  server.socket.tell('connect');
  await settled();
  assert.deepEqual(
    conversation
      .getSnapshot()
      .messages.map((one) => one.seq)
      .slice(0, 2),
    [31, 32],
  );
  server.happens(newMessage(81));
  assert.equal(conversation.getSnapshot().messages.at(-1).seq, 81);
});

test('a conversation is loaded again if the log can no longer fill a gap', async () => {
  const server = new FakeServer();
  const { conversation } = await server.opened();
  for (let seq = 1; seq <= 80; seq += 1) server.log.push(newMessage(seq));
  server.floor = 70;
  server.happens(newMessage(81));
  await settled();
  assert.deepEqual(
    conversation.getSnapshot().messages.map((one) => one.seq),
    Array.from({ length: 50 }, (_, at) => at + 32),
  );
});

test('a conversation opened while disconnected is loaded after connecting', async () => {
  const server = new FakeServer();
  server.log.push(newMessage(1));
  server.isAway = true;
  const client = server.client();
  client.connect();
  const conversation = client.conversation(ROOM);
  const opening = conversation.open();
  await settled();
  assert.equal(conversation.getSnapshot().phase, 'loading');
  server.isAway = false;
  server.socket.tell('connect');
  await opening;
  assert.deepEqual(texts(conversation), ['text 1']);
});

test('joining a room is retried after an error', async (t) => {
  for (const declined of [{ code: 'no_answer' }, { code: 'rate_limited', retry_after: 1 }, { code: 'server_error' }]) {
    const server = new FakeServer();
    const { client, conversation } = await server.opened();
    t.mock.timers.enable({ apis: ['setTimeout'] });
    server.socket.tell('disconnect', 'transport close');
    server.declines.push({ success: false, ...declined });
    server.socket.tell('connect');
    await settled();
    server.isAway = true;
    server.happens(newMessage(1));
    server.isAway = false;
    t.mock.timers.tick(1_000);
    await settled();
    assert.deepEqual(texts(conversation), ['text 1'], declined.code);
    t.mock.timers.reset();
    client.disconnect();
  }
});

test('a failed load is retried as long as the data is shown', async (t) => {
  const server = new FakeServer();
  const { conversation } = await server.opened();
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const path = `/api/conversations/${ROOM}`;
  server.version = 2;
  server.actions = [{ action: 'pay', state_version: 2 }];
  server.refuse(`GET ${path}`, 503);
  server.happens(['conversation_updated', { seq: 1, conversation_id: ROOM, conversation_context: context(2) }]);
  server.log.push(newMessage(2));
  server.refuse(`GET ${path}/events`, 429, { retry_after: 2 });
  server.happens(newMessage(3));
  await settled();
  assert.deepEqual([texts(conversation), conversation.getSnapshot().conversation.available_actions], [[], []]);
  t.mock.timers.tick(2_000);
  await settled();
  assert.deepEqual(texts(conversation), ['text 2', 'text 3']);
  assert.deepEqual(conversation.getSnapshot().conversation.available_actions, server.actions);

  server.refuse(`GET ${path}/events`, 503);
  server.log.push(newMessage(4));
  server.happens(newMessage(5));
  await settled();
  conversation.close();
  const asked = server.requests.length;
  t.mock.timers.tick(60_000);
  await settled();
  assert.equal(server.requests.length, asked);
});

test('a reopened conversation does not show its old state', async () => {
  const server = new FakeServer();
  const { conversation } = await server.opened();
  server.happens(newMessage(1));
  conversation.close();
  server.log.push(newMessage(2));
  const opening = conversation.open();
  assert.equal(conversation.getSnapshot().phase, 'loading');
  await opening;
  assert.equal(conversation.getSnapshot().phase, 'ready');
  assert.deepEqual(texts(conversation), ['text 1', 'text 2']);
});
