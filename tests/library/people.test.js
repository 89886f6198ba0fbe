import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Refused, Session, memoryStorage } from '../../static/stoory-client/index.js';
import { FakeServer, ME, OTHER, token } from './fakes.js';

const MIRA = { id: OTHER, name: 'Mira Kapoor', role: 'influencer' };
const CHANGED = { id: ME, name: 'Anaya', role: 'brand_owner', email: 'a@example.com', findable: false };

/** Create a server that finds Mira and changes accounts; other requests have their usual responses. */
function serverWithPeople() {
  const server = new FakeServer();
  server.answers.set('GET /api/people', { results: [MIRA], next: 'onwards', previous: null });
  server.answers.set('PATCH /api/auth/me', { user: CHANGED });
  return server;
}

const heldBy = (id) => ({ user: { id }, access: token('first'), refresh: 'r0', until: Date.now() + 3_600_000 });

function sessionWith(server, storage) {
  return new Session({ fetch: server.fetch, storage, locks: null, timeout: 1000 });
}

test('findPeople sends the text unchanged and returns only the page', async () => {
  const server = serverWithPeople();
  const page = await server.client().findPeople('mi%& ka');
  assert.deepEqual(page, { results: [MIRA], next: 'onwards', previous: null });
  const [{ method, path, params }] = server.requests;
  assert.deepEqual([method, path, params], ['GET', '/api/people', { q: 'mi%& ka' }]);
});

test('findPeople accepts a limit and a cursor, including the null of a last page', async () => {
  const server = serverWithPeople();
  const client = server.client();
  await client.findPeople('mi', { limit: 5, cursor: 'onwards' });
  await client.findPeople('mi', { cursor: null });
  const asked = server.requests.map((request) => request.params);
  assert.deepEqual(asked, [{ q: 'mi', limit: '5', cursor: 'onwards' }, { q: 'mi' }]);
});

test('a server without search responds with 404, a rate limited one with the seconds to wait', async () => {
  const server = serverWithPeople();
  const client = server.client();
  server.refuse('GET /api/people', 404, { code: 'not_found' });
  await assert.rejects(client.findPeople('mi'), (fault) => fault instanceof Refused && fault.status === 404);
  server.refuse('GET /api/people', 429, { code: 'rate_limited', retry_after: 3 });
  await assert.rejects(client.findPeople('mi'), { status: 429, retryAfter: 3, isTemporary: true });
});

test('updateAccount sends the change and stores the user that the server returns', async () => {
  const server = serverWithPeople();
  const client = server.client();
  assert.deepEqual(await client.updateAccount({ findable: false }), CHANGED);
  assert.deepEqual(client.session.user, CHANGED);
  const [{ method, path, body }] = server.requests;
  assert.deepEqual([method, path, body], ['PATCH', '/api/auth/me', { findable: false }]);
  assert.equal(await client.session.access(), token('first'));
});

test('a rejected change leaves the user unchanged', async () => {
  const server = serverWithPeople();
  const client = server.client();
  server.refuse('PATCH /api/auth/me', 400, { code: 'invalid', errors: { findable: ['No.'] } });
  await assert.rejects(client.updateAccount({ findable: 'maybe' }), { status: 400 });
  assert.deepEqual(client.session.user, { id: ME });
});

test('a response after signing out does not sign in again', async () => {
  const server = serverWithPeople();
  const storage = memoryStorage(heldBy(ME));
  const session = sessionWith(server, storage);
  const letGo = server.holdBack('PATCH /api/auth/me');
  const changed = session.updateAccount({ findable: false });
  storage.set(null);
  letGo();
  await changed;
  assert.equal(session.user, null);
});

test('a response after another user signed in does not change that user', async () => {
  const server = serverWithPeople();
  const storage = memoryStorage(heldBy(ME));
  const session = sessionWith(server, storage);
  const letGo = server.holdBack('PATCH /api/auth/me');
  const changed = session.updateAccount({ findable: false });
  storage.set(heldBy(OTHER));
  letGo();
  await changed;
  assert.deepEqual(session.user, { id: OTHER });
});
