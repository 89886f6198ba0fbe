/** A promise of the library resolves when the snapshot contains the requested data, or newer data. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Closed, Refused } from '../../static/stoory-client/index.js';
import { connected, gated, idsOf, note, stateOf } from './asked.js';
import { FakeServer, newMessage, ROOM, settled } from './fakes.js';

const LIST = '/api/conversations';
const MESSAGES = `${LIST}/${ROOM}/messages`;

/** Serve pages of conversations with these `names`, `size` on each; the array can change. */
function paged(server, path, names, size, lineOf) {
  const answer = server.fetch;
  server.fetch = async (address, request) => {
    const { pathname, searchParams } = new URL(address, 'http://server');
    if (pathname !== path || request.method !== 'GET') return answer(address, request);
    await answer(`${address}`.replace(pathname, '/api/notifications'), request);
    const from = searchParams.get('cursor') ? names.indexOf(searchParams.get('cursor')) + 1 : 0;
    const shown = names.slice(from, from + size);
    const next = from + size < names.length ? shown.at(-1) : null;
    return Response.json({ success: true, results: shown.map(lineOf), next });
  };
}

const line = (id) => ({ id, updated_at: `2026-01-01T${id}`, title: '', conversation_type: 'direct' });

// --- Outdated responses ---

const ORDERS = [
  [0, 1, 2],
  [2, 1, 0],
  [1, 2, 0],
  [2, 0, 1],
];

test('every reload of a list resolves with the newest response, in any order of arrival', async () => {
  for (const order of ORDERS) {
    const server = new FakeServer();
    const gates = gated(server, LIST);
    const list = server.client().conversationList();
    const found = [list.reload(), list.reload(), list.reload()].map((one) => one.then(() => list.getSnapshot()));
    await settled();
    for (const at of order) {
      gates[at]();
      await settled();
    }
    for (const snapshot of await Promise.all(found)) {
      assert.deepEqual([snapshot.phase, idsOf(snapshot.conversations)], ['ready', [ROOM]], `${order}`);
    }
  }
});

test('a reload that is replaced by the one on connecting resolves with the conversations', async () => {
  for (const order of [
    [0, 1],
    [1, 0],
  ]) {
    const server = new FakeServer();
    const gates = gated(server, LIST);
    const client = server.client();
    client.connect();
    const list = client.conversationList();
    const reading = list.reload().then(() => idsOf(list.getSnapshot().conversations));
    await settled();
    server.socket.tell('connect');
    await settled();
    assert.equal(gates.length, 2);
    for (const at of order) {
      gates[at]();
      await settled();
    }
    assert.deepEqual(await reading, [ROOM], `${order}`);
  }
});

test('an outdated response does not resolve or reject the newest request', async () => {
  const server = new FakeServer();
  const gates = gated(server, LIST);
  const list = connected(server).conversationList();
  server.refuse(`GET ${LIST}`, 400, { code: 'invalid' });
  const first = list.show({ search: 'a' });
  await settled();
  const second = list.show({ search: '' });
  await settled();
  gates[0]();
  assert.equal(await stateOf(first), 'pending');
  assert.equal(list.getSnapshot().phase, 'loading');
  gates[1]();
  assert.deepEqual([await stateOf(first), await stateOf(second)], ['resolved', 'resolved']);
  assert.deepEqual(idsOf(list.getSnapshot().conversations), [ROOM]);
});

test('a reload of notifications during another one loads them again before it resolves', async () => {
  const server = new FakeServer();
  const { notifications } = connected(server);
  await settled();
  const gates = gated(server, '/api/notifications');
  const first = notifications.reload();
  await settled();
  server.notified = [note('n1')];
  const second = notifications.reload();
  gates[0]();
  assert.deepEqual([await stateOf(first), await stateOf(second)], ['resolved', 'pending']);
  gates[1]();
  await second;
  assert.deepEqual(idsOf(notifications.getSnapshot().notifications), ['n1']);
  assert.equal(notifications.getSnapshot().unread, 1);
});

test('opening a conversation twice, and while connecting, resolves both promises', async () => {
  const server = new FakeServer();
  server.log.push(newMessage(1));
  const gates = gated(server, MESSAGES);
  const client = server.client();
  client.connect();
  const conversation = client.conversation(ROOM);
  const openings = [conversation.open(), conversation.open()].map((one) =>
    one.then(() => idsOf(conversation.getSnapshot().messages)),
  );
  await settled();
  server.socket.tell('connect');
  await settled();
  assert.equal(await stateOf(openings[0]), 'pending');
  for (let at = 0; at < 2; at += 1) {
    gates[at]();
    await settled();
  }
  assert.deepEqual(await Promise.all(openings), [['m1'], ['m1']]);
  assert.ok(server.socket.sent.some(([name]) => name === 'join_conversation'));
});

// --- Pages ---

test('more pages of a list and of notifications are appended one at a time', async () => {
  for (const [path, storeOf, lineOf, shown] of [
    [LIST, (client) => client.conversationList(), line, (state) => state.conversations],
    ['/api/notifications', (client) => client.notifications, note, (state) => state.notifications],
  ]) {
    const server = new FakeServer();
    const names = ['9', '8', '7', '6', '5'];
    paged(server, path, names, 2, lineOf);
    const store = storeOf(server.client());
    const ids = () => idsOf(shown(store.getSnapshot()));
    await store.reload();
    assert.deepEqual(ids(), ['9', '8']);
    await Promise.all([store.loadMore(), store.loadMore()]);
    assert.deepEqual(ids(), ['9', '8', '7', '6']);
    await store.loadMore();
    assert.deepEqual([ids(), store.getSnapshot().hasMore], [names, false]);
    await store.loadMore();
    assert.deepEqual(ids(), names);
  }
});

test('a next page requested during a reload is loaded after the reload', async () => {
  const server = new FakeServer();
  const names = ['5', '4', '3', '2', '1'];
  paged(server, LIST, names, 2, line);
  const list = server.client().conversationList();
  await list.reload();
  const gates = gated(server, LIST);
  const reading = list.reload();
  await settled();
  const more = list.loadMore();
  await settled();
  assert.equal(gates.length, 1);
  gates[0]();
  await reading;
  await settled();
  gates[1]();
  await more;
  assert.deepEqual(idsOf(list.getSnapshot().conversations), ['5', '4', '3', '2']);
});

test('a next page that arrives during a reload leaves no gap', async () => {
  const server = new FakeServer();
  const names = ['5', '4', '3', '2', '1'];
  paged(server, LIST, names, 2, line);
  const list = server.client().conversationList();
  await list.reload();
  const gates = gated(server, LIST);
  const more = list.loadMore();
  await settled();
  names.unshift('9', '8', '7');
  const reading = list.reload();
  await settled();
  gates[1]();
  gates[0]();
  await reading;
  await settled();
  gates[2]();
  await more;
  assert.deepEqual(idsOf(list.getSnapshot().conversations), ['9', '8', '7', '5']);
});

test('an older page is in the snapshot when it resolves, even after a reload of the conversation', async () => {
  const server = new FakeServer();
  for (let seq = 1; seq <= 120; seq += 1) server.log.push(newMessage(seq));
  const { client, conversation } = await server.opened();
  const letGo = server.holdBack(`GET ${MESSAGES}`);
  const more = conversation.loadEarlier();
  await settled();
  server.isAway = true;
  for (let seq = 121; seq <= 200; seq += 1) server.happens(newMessage(seq));
  server.isAway = false;
  server.floor = 190;
  server.socket.tell('connect');
  await settled();
  letGo();
  assert.equal(await more, true);
  const seqs = conversation.getSnapshot().messages.map((one) => one.seq);
  assert.deepEqual(
    seqs,
    Array.from({ length: 100 }, (_, at) => at + 101),
  );
  client.disconnect();
});

test('an older page requested before the conversation is loaded follows it', async () => {
  const server = new FakeServer();
  for (let seq = 1; seq <= 60; seq += 1) server.log.push(newMessage(seq));
  const conversation = connected(server).conversation(ROOM);
  void conversation.open();
  assert.equal(await conversation.loadEarlier(), false);
  assert.equal(conversation.getSnapshot().messages.length, 60);
});

test('a next page that fails is not retried automatically, and can be requested again', async () => {
  const server = new FakeServer();
  for (let seq = 1; seq <= 60; seq += 1) server.log.push(newMessage(seq));
  const { conversation } = await server.opened();
  server.refuse(`GET ${MESSAGES}`, 503);
  await assert.rejects(conversation.loadEarlier(), Refused);
  assert.equal(conversation.getSnapshot().isLoadingEarlier, false);
  assert.equal(await conversation.loadEarlier(), false);
  assert.equal(conversation.getSnapshot().messages.length, 60);
});

test('a conversation closed and reopened while it loads resolves the last promise', async () => {
  const server = new FakeServer();
  server.log.push(newMessage(1));
  const gates = gated(server, MESSAGES);
  const conversation = connected(server).conversation(ROOM);
  const first = conversation.open();
  await settled();
  conversation.close();
  server.log.push(newMessage(2));
  const second = conversation.open();
  assert.ok((await stateOf(first)) instanceof Closed);
  gates[0]();
  await settled();
  gates[1]();
  await second;
  assert.deepEqual(idsOf(conversation.getSnapshot().messages), ['m1', 'm2']);
});
