import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ConnectionLost, memoryStorage, Session, StooryClient } from '../../static/stoory-client/index.js';
import { ME, token } from './fakes.js';

const MINUTE = 60_000;

/** A client whose server makes links that live for `life` milliseconds. */
function client({ life = 5 * MINUTE, url = 'http://server', ahead = 0 } = {}) {
  const asked = [];
  const server = { asked, isAway: false, life };
  const fetch = async (address, { method, body }) => {
    const { pathname, search } = new URL(address, 'http://page');
    asked.push(`${method} ${pathname}${search}`);
    if (server.isAway) throw new TypeError('away');
    if (method === 'PATCH') return Response.json({ success: true, upload: { id: 'u1', ...JSON.parse(body) } });
    const expires_at = new Date(Date.now() - ahead + server.life).toISOString();
    return Response.json({ success: true, url: `/api/uploads/u1?signature=${asked.length}`, expires_at });
  };
  const tokens = { user: { id: ME }, access: token('a'), refresh: token('r'), until: null };
  const session = new Session({ url, fetch, storage: memoryStorage(tokens) });
  return { server, files: new StooryClient({ url, session, io: () => {} }).files };
}

test('a link is a complete address, and the same one until shortly before it expires', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: Date.UTC(2026, 0, 1) });
  const { server, files } = client();
  const first = await files.link('u1');
  assert.equal(first.url, 'http://server/api/uploads/u1?signature=1');
  assert.equal(first.renewAt, Date.now() + 4.5 * MINUTE);
  assert.equal(first.expiresAt, Date.now() + 5 * MINUTE);
  t.mock.timers.tick(4.4 * MINUTE);
  assert.equal(await files.link('u1'), first);
  t.mock.timers.tick(0.2 * MINUTE);
  assert.notEqual(await files.link('u1'), first);
  assert.deepEqual(server.asked, ['GET /api/uploads/u1/link', 'GET /api/uploads/u1/link']);
});

test('the page of the server itself gets relative addresses', async () => {
  const { files } = client({ url: '' });
  assert.equal((await files.link('u1')).url, '/api/uploads/u1?signature=1');
});

test('calls at the same time share a request; thumbnails and downloads have links of their own', async () => {
  const { server, files } = client();
  const [one, other] = await Promise.all([files.link('u1'), files.link('u1')]);
  assert.equal(one, other);
  await files.link('u1', { thumbnail: true });
  await files.link('u1', { download: true });
  assert.deepEqual(server.asked, [
    'GET /api/uploads/u1/link',
    'GET /api/uploads/u1/link?thumbnail=true',
    'GET /api/uploads/u1/link?download=true',
  ]);
});

test('a link that lives shortly is renewed in the second half of its life', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: 0 });
  const { files } = client({ life: 40_000 });
  assert.equal((await files.link('u1')).renewAt, 20_000);
});

test('a device whose clock is wrong does not ask again and again', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: Date.UTC(2026, 0, 1) });
  for (const ahead of [60 * MINUTE, -60 * MINUTE]) {
    const { server, files } = client({ ahead });
    await files.link('u1');
    t.mock.timers.tick(10_000);
    await files.link('u1');
    assert.equal(server.asked.length, 1);
  }
});

test('a failed request is not remembered, and a forgotten link is asked for again', async () => {
  const { server, files } = client();
  server.isAway = true;
  await assert.rejects(files.link('u1'), ConnectionLost);
  server.isAway = false;
  await files.link('u1');
  await files.link('u2');
  files.forget('u1');
  await files.link('u1');
  await files.link('u2');
  assert.equal(server.asked.length, 4);
});

test('a description is stored and returned with the attachment', async () => {
  const { server, files } = client();
  assert.deepEqual(await files.describe('u1', 'A box'), { id: 'u1', alt: 'A box' });
  assert.deepEqual(server.asked, ['PATCH /api/uploads/u1']);
});
