import assert from 'node:assert/strict';
import { test } from 'node:test';

import { firstUnread, isOpenPrompt, matches } from '../../static/stoory-client/index.js';
import { context, FakeServer, ME, message, OTHER, ROOM, settled } from './fakes.js';

const line = (id, updated_at, fields = {}) => ({
  id,
  updated_at,
  title: '',
  conversation_type: 'direct',
  awaiting_role: null,
  my_role: 'participant',
  unread_count: 0,
  other_user: { id: OTHER, name: 'Mira Kapoor' },
  last_message: null,
  ...fields,
});
const update = (id, fields) => [
  'conversation_list_updated',
  {
    conversation_id: id,
    reason: 'message',
    last_message: message(9),
    unread_count: 1,
    total_unread: 1,
    updated_at: '2026-01-05',
    ...fields,
  },
];

async function listed(lines, { connects = true } = {}) {
  const server = new FakeServer();
  const answer = server.fetch;
  const byPath = new Map(lines.map((one) => [`/api/conversations/${one.id}`, one]));
  let held = null;
  const hold = () => {
    let letGo;
    held = new Promise((done) => (letGo = done));
    return letGo;
  };
  server.lines = lines;
  server.hold = hold;
  server.fetch = async (address, request) => {
    const { pathname, search } = new URL(address, 'http://server');
    if (!pathname.startsWith('/api/conversations')) return answer(address, request);
    server.asked = search;
    const found = pathname === '/api/conversations' ? { results: server.lines, next: null } : byPath.get(pathname);
    const body = { success: true, ...(found.results ? found : { conversation: found }) };
    const underWay = held;
    held = null;
    await underWay;
    return Response.json(body);
  };
  const client = server.client();
  client.connect();
  if (connects) server.socket.tell('connect');
  const list = client.conversationList();
  await list.reload();
  return { server, client, list, byPath, ids: () => list.getSnapshot().conversations.map((one) => one.id) };
}

test('a changed conversation moves to the top with its unread count', async () => {
  const { server, list, ids } = await listed([line('a', '2026-01-03'), line('b', '2026-01-02')]);
  server.socket.tell(...update('b'));
  assert.deepEqual(ids(), ['b', 'a']);
  assert.equal(list.getSnapshot().conversations[0].unread_count, 1);
});

test('reading does not move a conversation in the list', async () => {
  const { server, list, ids } = await listed([line('a', '2026-01-03'), line('b', '2026-01-02', { unread_count: 4 })]);
  server.socket.tell(...update('b', { reason: 'read', unread_count: 0 }));
  assert.deepEqual(ids(), ['a', 'b']);
  assert.equal(list.getSnapshot().conversations[1].unread_count, 0);
});

test('a new conversation, or one with a new state, is loaded again', async () => {
  const { server, list, byPath, ids } = await listed([line('a', '2026-01-03', { awaiting_role: 'influencer' })]);
  byPath.set('/api/conversations/n', line('n', '2026-01-06'));
  server.socket.tell(...update('n', { reason: 'opened' }));
  await settled();
  assert.deepEqual(ids(), ['n', 'a']);
  byPath.set('/api/conversations/a', line('a', '2026-01-07', { awaiting_role: 'brand_owner' }));
  server.socket.tell(...update('a', { reason: 'state' }));
  await settled();
  assert.deepEqual(ids(), ['a', 'n']);
  assert.equal(list.getSnapshot().conversations[0].awaiting_role, 'brand_owner');
});

test('a filtered list asks the server and accepts only matching conversations', async () => {
  const { server, list, byPath, ids } = await listed([line('a', '2026-01-03', { conversation_type: 'bid' })]);
  await list.show({ type: 'bid', awaiting: true, unread: true, search: 'mi' });
  assert.equal(server.asked, '?type=bid&awaiting=me&unread=true&search=mi&limit=30');
  await list.show({ type: 'bid' });
  byPath.set('/api/conversations/d', line('d', '2026-01-06'));
  server.socket.tell(...update('d', { reason: 'opened' }));
  await settled();
  assert.deepEqual(ids(), ['a']);
});

test('the response to an outdated query is not shown', async () => {
  const server = new FakeServer();
  const answers = [];
  server.fetch = () => new Promise((answer) => answers.push(answer));
  const list = server.client().conversationList();
  const questions = [list.show({ search: 'a' }), list.show({ search: 'ab' })];
  await settled();
  const page = (id) => Response.json({ success: true, results: [line(id, '2026-01-01')], next: null });
  answers[1](page('second'));
  answers[0](page('first'));
  await Promise.all(questions);
  assert.deepEqual(
    list.getSnapshot().conversations.map((one) => one.id),
    ['second'],
  );
});

test('events during the loading of the list are applied', async () => {
  const { server, list, byPath, ids } = await listed([line('a', '2026-01-03')]);
  const letGo = server.hold();
  const reading = list.reload();
  byPath.set('/api/conversations/n', line('n', '2026-01-06'));
  server.socket.tell(...update('n', { reason: 'opened' }));
  await settled();
  letGo();
  await reading;
  await settled();
  assert.deepEqual(ids(), ['n', 'a']);
});

test('changes between loading the list and connecting are in it', async () => {
  const { server, list, ids } = await listed([line('a', '2026-01-03')], { connects: false });
  server.lines = [line('n', '2026-01-06'), ...server.lines];
  assert.deepEqual(ids(), ['a']);
  server.socket.tell('connect');
  await settled();
  assert.deepEqual(ids(), ['n', 'a']);
  assert.equal(list.getSnapshot().phase, 'ready');
});

test('a conversation that changes while it is loaded is loaded again', async () => {
  const { server, list, byPath } = await listed([line('a', '2026-01-03')]);
  const letGo = server.hold();
  server.socket.tell(...update('a', { reason: 'state' }));
  await settled();
  byPath.set('/api/conversations/a', line('a', '2026-01-08', { unread_count: 3 }));
  server.socket.tell(...update('a', { unread_count: 3, updated_at: '2026-01-08' }));
  letGo();
  await settled();
  assert.equal(list.getSnapshot().conversations[0].unread_count, 3);
});

test('loading the list is retried after an error', async (t) => {
  const server = new FakeServer();
  const { client } = await server.opened();
  t.mock.timers.enable({ apis: ['setTimeout'] });
  server.refuse('GET /api/conversations', 503);
  const list = client.conversationList();
  const reading = list.reload();
  await settled();
  const { phase, fault } = list.getSnapshot();
  assert.deepEqual([phase, fault.status], ['failed', 503]);
  t.mock.timers.tick(1_000);
  await reading;
  assert.deepEqual([list.getSnapshot().phase, list.getSnapshot().fault], ['ready', null]);
  assert.deepEqual(
    list.getSnapshot().conversations.map((one) => one.id),
    [ROOM],
  );
});

test('an unchanged conversation remains the same object', async () => {
  const { server, list } = await listed([line('a', '2026-01-03'), line('b', '2026-01-02')]);
  const [first] = list.getSnapshot().conversations;
  server.lines = [line('a', '2026-01-03'), line('b', '2026-01-02', { unread_count: 1 })];
  await list.reload();
  assert.equal(list.getSnapshot().conversations[0], first);
  assert.equal(list.getSnapshot().conversations[1].unread_count, 1);
});

test('presence is shown in the list and in the conversation', async () => {
  const server = new FakeServer();
  const { client, conversation } = await server.opened();
  const list = client.conversationList();
  await list.reload();
  server.socket.tell('presence', { user_id: OTHER, online: false, last_seen: '2026-01-01' });
  assert.deepEqual(conversation.getSnapshot().online, [ME]);
  assert.deepEqual(list.getSnapshot().conversations[0].other_user.online, false);
});

test('filters have the same meaning in the client and on the server', () => {
  const mine = line('a', '', {
    conversation_type: 'bid',
    awaiting_role: 'influencer',
    my_role: 'influencer',
    unread_count: 2,
    title: 'Snack box',
  });
  for (const filter of [
    {},
    { type: 'bid' },
    { awaiting: true },
    { unread: true },
    { search: 'SNACK' },
    { search: 'kapoor' },
    { search: ' K\u00adapoor ' },
    { search: 'nack  b' },
    { search: 'ＳＮＡＣＫ' },
  ]) {
    assert.ok(matches(mine, filter), JSON.stringify(filter));
  }
  assert.ok(matches({ ...mine, title: 'Cafe\u0301 Straße' }, { search: 'CAFÉ STRASSE' }));
  const others = [{ type: 'direct' }, { search: 'shoes' }, { search: 'box mira' }];
  for (const filter of others) assert.ok(!matches(mine, filter));
  assert.ok(!matches(line('b', ''), { unread: true }));
  assert.ok(!matches({ ...mine, awaiting_role: 'brand_owner' }, { awaiting: true }));
});

test('reading continues at the first unread message of another user', () => {
  const mine = { sender_id: ME, receiver_id: OTHER };
  const messages = [
    message(1),
    message(2, mine),
    message(3),
    message(4, { deleted_at: 'now' }),
    message(5),
    message(6, mine),
  ];
  assert.equal(firstUnread(messages, 2, ME).seq, 3);
  assert.equal(firstUnread(messages, 0, ME), null);
  assert.equal(firstUnread(messages, 9, ME), null);
});

test('a prompt can be answered until the state changes', () => {
  const prompt = message(1, { action_data: { state_version: 3 } });
  assert.equal(isOpenPrompt(prompt, context(3)), true);
  assert.equal(isOpenPrompt(prompt, context(4)), false);
  assert.equal(isOpenPrompt(message(1, { action_data: { state_version: 3, completed: true } }), context(3)), false);
  assert.equal(isOpenPrompt(message(2), context(3)), false);
});
