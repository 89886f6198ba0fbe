import assert from 'node:assert/strict';
import { test } from 'node:test';

import { FakeServer, ROOM, settled } from './fakes.js';

const NOTICE = {
  id: 'n1',
  title: 'New message',
  body: 'Hi',
  payload: {},
  conversation_id: ROOM,
  created_at: '2026-01-01',
};

test('a repeated notification counts once', async () => {
  const server = new FakeServer();
  const { client } = await server.opened();
  const { notifications } = client;
  await settled();
  for (let time = 0; time < 2; time += 1) server.socket.tell('notification', { type: 'message', data: NOTICE });
  assert.equal(notifications.getSnapshot().unread, 1);
  assert.deepEqual(
    notifications.getSnapshot().notifications.map((one) => one.id),
    ['n1'],
  );
});

/** Change the message of a notification; the list then has notifications with these bodies. */
async function changed(reason, bodies) {
  const server = new FakeServer();
  const { client } = await server.opened();
  const { notifications } = client;
  await settled();
  const one = { id: 'n1', type: 'message', title: 'New message', body: 'Helo', payload: {}, conversation_id: ROOM };
  server.socket.tell('notification', { type: 'message', data: one });
  assert.deepEqual([notifications.getSnapshot().unread, notifications.getSnapshot().notifications.length], [1, 1]);
  server.notified = bodies.map((body) => ({ ...one, body, read_at: null }));
  server.socket.tell('conversation_list_updated', { conversation_id: ROOM, reason, last_message: null });
  await settled();
  const { unread, notifications: held } = notifications.getSnapshot();
  assert.deepEqual([unread, held.map(({ body }) => body)], [bodies.length, bodies]);
}

test('notifications are read again after a message is updated', () => changed('updated', ['Hello']));

test('notifications are read again after a message is deleted', () => changed('deleted', []));

test('a replayed notification of a deleted message is not listed', async () => {
  const server = new FakeServer();
  const { client } = await server.opened();
  await settled();
  const data = { id: 'n1', title: 'New message', body: '', payload: {}, message: { deleted_at: '2026-01-01' } };
  server.socket.tell('notification', { type: 'message', data });
  const { unread, notifications } = client.notifications.getSnapshot();
  assert.deepEqual([unread, notifications], [0, []]);
});

test('a notification that arrives while the list is loaded is listed and counted', async () => {
  const server = new FakeServer();
  const { client } = await server.opened();
  const { notifications } = client;
  await settled();
  for (const path of ['GET /api/notifications', 'GET /api/notifications/unread-count']) {
    server.notified = [];
    const letGo = server.holdBack(path);
    const reading = notifications.reload();
    await settled();
    server.notified = [{ ...NOTICE, type: 'message', read_at: null }];
    server.socket.tell('notification', { type: 'message', data: NOTICE });
    letGo();
    await reading;
    await settled();
    const { unread, notifications: held } = notifications.getSnapshot();
    assert.deepEqual([unread, held.map((one) => one.id)], [1, ['n1']], path);
  }
});
