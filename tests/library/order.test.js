import assert from 'node:assert/strict';
import { test } from 'node:test';

import { context, FakeServer, ME, message, newMessage, OTHER, ROOM, settled } from './fakes.js';

const texts = (conversation) => conversation.getSnapshot().messages.map((one) => one.message);

test('an opened conversation shows its newest page and is joined at the end of that page', async () => {
  const server = new FakeServer();
  for (let seq = 1; seq <= 60; seq += 1) server.log.push(newMessage(seq));
  const { conversation } = await server.opened();
  const { phase, messages, hasEarlier, online } = conversation.getSnapshot();
  assert.equal(phase, 'ready');
  assert.deepEqual([messages.length, messages[0].seq, messages.at(-1).seq], [50, 11, 60]);
  assert.equal(hasEarlier, true);
  assert.deepEqual(online, [ME, OTHER]);
  assert.deepEqual(server.socket.sent.find(([name]) => name === 'join_conversation')[1], {
    conversationId: ROOM,
    after: 60,
  });
});

test('a repeated event is shown once', async () => {
  const server = new FakeServer();
  const { conversation } = await server.opened();
  server.happens(newMessage(1));
  server.socket.tell(...newMessage(1));
  await settled();
  assert.deepEqual(texts(conversation), ['text 1']);
});

test('an event that arrives early waits for the missing events of the log', async () => {
  const server = new FakeServer();
  const { conversation } = await server.opened();
  server.log.push(newMessage(1), newMessage(2));
  server.happens(newMessage(3));
  assert.deepEqual(texts(conversation), []);
  await settled();
  assert.deepEqual(texts(conversation), ['text 1', 'text 2', 'text 3']);
  assert.equal(server.requests.filter((one) => one.path.endsWith('/events')).length, 1);
});

test('a gap longer than a page of the log is filled completely', async () => {
  const server = new FakeServer();
  const { conversation } = await server.opened();
  for (let seq = 1; seq <= 450; seq += 1) server.log.push(newMessage(seq));
  server.happens(newMessage(451));
  await settled();
  assert.deepEqual(
    conversation.getSnapshot().messages.map((one) => one.seq),
    Array.from({ length: 451 }, (_, at) => at + 1),
  );
});

test('an event that arrives while the page is loaded is shown once', async () => {
  const server = new FakeServer();
  server.log.push(newMessage(1));
  const client = server.client();
  client.connect();
  server.socket.tell('connect');
  const conversation = client.conversation(ROOM);
  const opening = conversation.open();
  server.happens(newMessage(2));
  await opening;
  await settled();
  assert.deepEqual(texts(conversation), ['text 1', 'text 2']);
});

test('edited, deleted and read messages keep their position', async () => {
  const server = new FakeServer();
  const { conversation } = await server.opened();
  server.happens(newMessage(1));
  server.happens(newMessage(2, { sender_id: ME, receiver_id: OTHER }));
  server.happens(newMessage(3));
  server.happens([
    'message_updated',
    { seq: 4, conversation_id: ROOM, message: message(1, { message: 'better', edited_at: 'now' }) },
  ]);
  server.happens(['message_deleted', { seq: 5, conversation_id: ROOM, message_id: 'm3', deleted_at: 'now' }]);
  server.happens(['messages_read', { seq: 6, conversation_id: ROOM, user_id: OTHER, up_to_seq: 2, read_at: 'then' }]);
  assert.deepEqual(texts(conversation), ['better', 'text 2', '']);
  const [first, mine, gone] = conversation.getSnapshot().messages;
  assert.deepEqual([first.read_at, mine.read_at, gone.deleted_at], [null, 'then', 'now']);
});

test('a transition removes the actions until they are loaded again; older events change nothing', async () => {
  const server = new FakeServer();
  server.actions = [{ action: 'accept', state_version: 1 }];
  const { conversation } = await server.opened();
  server.version = 2;
  server.actions = [{ action: 'pay', state_version: 2 }];
  const updated = (seq, version) => [
    'conversation_updated',
    { seq, conversation_id: ROOM, conversation_context: context(version) },
  ];
  server.happens(updated(1, 2));
  assert.deepEqual(conversation.getSnapshot().conversation.available_actions, []);
  await settled();
  server.happens(updated(2, 1));
  const { state_version, available_actions } = conversation.getSnapshot().conversation;
  assert.equal(state_version, 2);
  assert.deepEqual(available_actions, server.actions);
});

test('a transition sets the stage, which stays until the next transition', async () => {
  const server = new FakeServer();
  const stage = (position) => ({ key: `stage ${position}`, label: `Stage ${position}`, position });
  const isRead = (version) => {
    server.version = version;
    const conversation = { ...server.conversation, stage: stage(version) };
    server.answers.set(`GET /api/conversations/${ROOM}`, { conversation });
  };
  isRead(1);
  const { conversation } = await server.opened();
  const letGo = server.holdBack(`GET /api/conversations/${ROOM}`);
  const updated = (seq, version) => [
    'conversation_updated',
    { seq, conversation_id: ROOM, conversation_context: context(version), stage: stage(version) },
  ];
  server.happens(updated(1, 2));
  server.happens(newMessage(2, {}, 2));
  server.happens(updated(3, 1));
  assert.deepEqual(conversation.getSnapshot().conversation.stage, stage(2));
  isRead(2);
  letGo();
  await settled();
  assert.deepEqual(conversation.getSnapshot().conversation.stage, stage(2));
});

test('older pages are inserted before the shown messages, without duplicates', async () => {
  const server = new FakeServer();
  for (let seq = 1; seq <= 120; seq += 1) server.log.push(newMessage(seq));
  const { conversation } = await server.opened();
  assert.equal(await conversation.loadEarlier(), true);
  assert.equal(await conversation.loadEarlier(), false);
  assert.deepEqual(
    conversation.getSnapshot().messages.map((one) => one.seq),
    Array.from({ length: 120 }, (_, at) => at + 1),
  );
});

test('older pages are loaded one at a time, even if they are requested often', async () => {
  const server = new FakeServer();
  for (let seq = 1; seq <= 120; seq += 1) server.log.push(newMessage(seq));
  const { conversation } = await server.opened();
  void conversation.loadEarlier();
  assert.equal(await conversation.loadEarlier({ limit: 200 }), true);
  assert.equal(conversation.getSnapshot().messages.length, 100);
});

test('a response that arrives after newer events reverts nothing', async () => {
  const server = new FakeServer();
  const { conversation } = await server.opened();
  const letGo = server.holdBack(`POST /api/conversations/${ROOM}/messages`);
  conversation.send('Hello');
  await settled();
  server.happens(['messages_read', { seq: 2, conversation_id: ROOM, user_id: OTHER, up_to_seq: 1, read_at: 'then' }]);
  const edited = { ...server.messages[0], message: 'Hello!', edited_at: '2026-01-01T12:01:00.000Z' };
  server.happens(['message_updated', { seq: 3, conversation_id: ROOM, message: edited }]);
  letGo();
  await settled();
  const [message] = conversation.getSnapshot().messages;
  assert.deepEqual([message.message, message.read_at], ['Hello!', 'then']);
  server.happens(['message_deleted', { seq: 4, conversation_id: ROOM, message_id: message.id, deleted_at: 'now' }]);
  server.happens(['message_updated', { seq: 5, conversation_id: ROOM, message: edited }]);
  assert.equal(conversation.getSnapshot().messages[0].message, '');
});

test('the latest presence event during a join is shown', async () => {
  const server = new FakeServer();
  const client = server.client();
  client.connect();
  server.socket.tell('connect');
  const conversation = client.conversation(ROOM);
  const letGo = server.holdBack('join_conversation');
  const opening = conversation.open();
  await settled();
  server.socket.tell('presence', { user_id: OTHER, online: false, last_seen: '2026-01-01' });
  letGo();
  await opening;
  assert.deepEqual(conversation.getSnapshot().online, [ME]);
  assert.equal(conversation.getSnapshot().conversation.other_user.last_seen, '2026-01-01');
});

test('a missing or inaccessible conversation has the phase gone', async () => {
  const server = new FakeServer();
  server.refuse(`GET /api/conversations/${ROOM}`, 404, { code: 'not_found' });
  const { conversation } = await server.opened();
  assert.equal(conversation.getSnapshot().phase, 'gone');
});

test('listeners are called once for simultaneous changes', async () => {
  const server = new FakeServer();
  const { conversation } = await server.opened();
  let told = 0;
  conversation.subscribe(() => (told += 1));
  for (let seq = 1; seq <= 5; seq += 1) server.happens(newMessage(seq));
  await settled();
  assert.equal(told, 1);
});

test('a file that was being checked becomes ready or is refused, and never goes back', async () => {
  for (const status of ['ready', 'refused']) {
    const server = new FakeServer();
    const { conversation } = await server.opened();
    const sent = message(1, { message: '', attachments: [{ id: 'u1', status: 'pending' }] });
    const checked = { ...sent, attachments: [{ id: 'u1', status }] };
    const shown = () => conversation.getSnapshot().messages[0].attachments[0].status;
    server.happens(['new_message', { seq: 1, conversation_id: ROOM, message: sent, conversation_context: context() }]);
    await settled();
    assert.equal(shown(), 'pending');
    server.happens(['message_updated', { seq: 2, conversation_id: ROOM, message: checked }]);
    await settled();
    assert.equal(shown(), status);
    server.happens(['message_updated', { seq: 3, conversation_id: ROOM, message: sent }]);
    await settled();
    assert.equal(shown(), status);
  }
});
