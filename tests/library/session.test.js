import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ConnectionLost, memoryStorage, Refused, Session, SignedOut } from '../../static/stoory-client/index.js';
import { FakeServer, settled, token } from './fakes.js';

const held = (seconds = 3600) => ({
  user: { id: 'u' },
  access: token('first'),
  refresh: 'r0',
  until: Date.now() + seconds * 1000,
});
const refreshes = (server) => server.requests.filter((one) => one.path.endsWith('/refresh'));

function session(server, storage = memoryStorage(held())) {
  return new Session({ fetch: server.fetch, storage, locks: null, timeout: 1000 });
}

test('a token about to expire is renewed first, once for all requests', async () => {
  const server = new FakeServer();
  const one = session(server, memoryStorage(held(10)));
  await Promise.all([1, 2, 3].map(() => one.get('/api/conversations')));
  assert.equal(refreshes(server).length, 1);
  const used = server.requests
    .filter((request) => request.path === '/api/conversations')
    .map((request) => request.token);
  assert.deepEqual(new Set(used), new Set([`Bearer ${token('renewed 1')}`]));
});

test('a token that the server reports as expired is renewed, and the request is repeated', async () => {
  const server = new FakeServer();
  server.refuse('GET /api/conversations', 401, { code: 'token_expired' });
  const answer = await session(server).get('/api/conversations');
  assert.equal(answer.results.length, 1);
  assert.equal(refreshes(server).length, 1);
});

test('a token that another tab has renewed is used, not renewed again', async () => {
  const server = new FakeServer();
  const storage = memoryStorage(held());
  const one = session(server, storage);
  storage.set({ ...held(), access: token('of the other tab') });
  assert.equal(await one.renew(token('first')), token('of the other tab'));
  assert.equal(refreshes(server).length, 0);
});

test('a token that another tab has renewed is found even if it becomes visible late', async () => {
  const server = new FakeServer();
  const storage = memoryStorage(held(0));
  const one = session(server, storage);
  server.refuse('POST /api/auth/token/refresh', 401, { code: 'token_invalid' });
  const renewed = one.access();
  await settled();
  storage.set({ ...held(), access: token('of the other tab') });
  assert.equal(await renewed, token('of the other tab'));
  assert.notEqual(one.user, null);
});

test('an invalid refresh token ends the session', async () => {
  const server = new FakeServer();
  const one = session(server, memoryStorage(held(0)));
  let ended = 0;
  one.onEnded = () => (ended += 1);
  server.refuse('POST /api/auth/token/refresh', 401, { code: 'token_revoked' });
  await assert.rejects(one.access(), SignedOut);
  assert.deepEqual([one.user, ended], [null, 1]);
});

test('with a wrong clock only the server decides when a token has expired', async () => {
  const server = new FakeServer();
  server.lifetime = -86_400;
  const one = session(server, memoryStorage(held(10)));
  for (let time = 0; time < 3; time += 1) await one.get('/api/conversations');
  assert.equal(refreshes(server).length, 1);
  server.refuse('GET /api/conversations', 401, { code: 'token_expired' });
  await one.get('/api/conversations');
  assert.equal(refreshes(server).length, 2);
});

test('signing out while a token is renewed ends the session', async () => {
  const server = new FakeServer();
  const storage = memoryStorage(held(0));
  const one = session(server, storage);
  const renewed = one.access();
  storage.set(null);
  await assert.rejects(renewed, SignedOut);
  assert.equal(one.user, null);
});

/** Wait until a promise is settled, while the mocked clock runs. */
async function waited(t, promise, most = 10_000) {
  let isDone = false;
  promise.catch(() => {}).finally(() => (isDone = true));
  for (let time = 0; time < most && !isDone; time += 500) {
    await settled();
    t.mock.timers.tick(500);
  }
  return promise;
}

test('a lost connection does not end the session', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: Date.now() });
  const server = new FakeServer();
  server.isAway = true;
  const one = session(server, memoryStorage(held(0)));
  await assert.rejects(waited(t, one.access()), ConnectionLost);
  assert.deepEqual(one.user, { id: 'u' });
  server.isAway = false;
  assert.equal(await one.access(), token('renewed 1'));
});

test('a renewal is repeated with the same refresh token after a lost answer or an error', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: Date.now() });
  for (const lost of ['the answer', 500, 502, 503, 504]) {
    const server = new FakeServer();
    const one = session(server, memoryStorage(held(0)));
    if (lost === 'the answer') server.losesAnswers = true;
    else server.refuse('POST /api/auth/token/refresh', lost);
    const renewed = one.access();
    await settled();
    server.losesAnswers = false;
    assert.equal(await waited(t, renewed), token('renewed 1'));
    const sent = refreshes(server).map((request) => request.body.refresh);
    assert.deepEqual(sent, ['r0', 'r0'], `after losing ${lost}`);
  }
});

test('a page that was closed before the answer arrived goes on in the next page', async () => {
  const server = new FakeServer();
  const storage = memoryStorage(held(0));
  server.holdBack('POST /api/auth/token/refresh');
  session(server, storage).access();
  await settled();
  assert.equal(await session(server, storage).access(), token('renewed 1'));
  assert.equal(storage.get().refresh, 'r1');
  assert.deepEqual(
    refreshes(server).map((request) => request.body.refresh),
    ['r0', 'r0'],
  );
});

test('a renewal over the rate limit is not repeated, and does not end the session', async () => {
  const server = new FakeServer();
  const one = session(server, memoryStorage(held(0)));
  server.refuse('POST /api/auth/token/refresh', 429, { code: 'rate_limited', retry_after: 5 });
  await assert.rejects(one.access(), { status: 429 });
  assert.equal(refreshes(server).length, 1);
  assert.deepEqual(one.user, { id: 'u' });
});

test('an error names the invalid fields and the time to wait', async () => {
  const server = new FakeServer();
  server.refuse('GET /api/conversations', 429, { code: 'rate_limited', retry_after: 2.5 });
  const refusal = await session(server)
    .get('/api/conversations')
    .catch((fault) => fault);
  assert.ok(refusal instanceof Refused);
  assert.deepEqual([refusal.code, refusal.retryAfter, refusal.isTemporary], ['rate_limited', 2.5, true]);
  server.refuse('POST /api/conversations', 400, { code: 'invalid', errors: { title: ['Too long.'] } });
  const invalid = await session(server)
    .post('/api/conversations')
    .catch((fault) => fault);
  assert.deepEqual([invalid.errors, invalid.isTemporary], [{ title: ['Too long.'] }, false]);
});

test('a response that is not JSON counts as a lost connection, a server error as an error', async () => {
  const page = (status) =>
    new Session({
      fetch: async () => new Response('<html>', { status }),
      storage: memoryStorage(held()),
      locks: null,
    });
  await assert.rejects(page(200).get('/api/x'), ConnectionLost);
  await assert.rejects(page(502).get('/api/x'), { status: 502, code: 'server_error' });
});

test('a connection rejected for its token reconnects with a new token', async () => {
  const server = new FakeServer();
  const { client } = await server.opened();
  server.socket.tell('disconnect', 'transport close');
  server.socket.tell('connect_error', Object.assign(new Error('expired'), { data: { code: 'token_expired' } }));
  await settled();
  assert.deepEqual(server.auths, [{ token: token('renewed 1') }]);
  assert.equal(client.getSnapshot().status, 'reconnecting');
});

test('a connection that the server closes for good ends the session', async (t) => {
  const server = new FakeServer();
  const { client } = await server.opened();
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: Date.now() });
  server.refuse('POST /api/auth/token/refresh', 401, { code: 'token_revoked' });
  server.socket.tell('disconnect', 'io server disconnect');
  for (let time = 0; time < 3_000; time += 100) {
    await settled();
    t.mock.timers.tick(100);
  }
  await settled();
  assert.equal(client.getSnapshot().status, 'ended');
  assert.equal(client.session.user, null);
});

test('a new token is sent when the server asks for one', async () => {
  const server = new FakeServer();
  await server.opened();
  server.socket.tell('token_expiring', {});
  await settled();
  assert.deepEqual(server.socket.sent.at(-1), ['authenticate', { token: token('renewed 1') }]);
});

test('signing out clears the session even if the server cannot be reached', async () => {
  const server = new FakeServer();
  const { client } = await server.opened();
  server.isAway = true;
  await assert.rejects(client.signOut(), ConnectionLost);
  assert.equal(client.session.user, null);
  assert.equal(client.getSnapshot().status, 'closed');
});
