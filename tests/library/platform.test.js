import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ConnectionLost, memoryStorage, Session } from '../../static/stoory-client/index.js';
import { FakeServer, newMessage, ROOM, settled, token } from './fakes.js';

const texts = (conversation) => conversation.getSnapshot().messages.map((message) => message.message);
const left = (server) => server.socket.sent.filter(([event]) => event === 'leave_conversation').length;

test('the first view that closes a conversation does not silence the others', async () => {
  const server = new FakeServer();
  const { client, conversation } = await server.opened();
  const other = client.conversation(ROOM);
  await other.open();
  conversation.close();
  assert.equal(left(server), 0);
  server.happens(newMessage(1));
  await settled();
  other.send('mine');
  await settled();
  server.happens(newMessage(3));
  await settled();
  assert.deepEqual(texts(other).includes('text 1'), true);
  other.close();
  assert.equal(left(server), 1);
});

test('a conversation is left with its last view, and once', async () => {
  for (const views of [1, 2, 5]) {
    const server = new FakeServer();
    const { conversation } = await server.opened();
    for (let view = 1; view < views; view += 1) await conversation.open();
    for (let view = 0; view < views; view += 1) {
      assert.equal(left(server), 0);
      conversation.close();
    }
    conversation.close();
    assert.equal(left(server), 1);
    await conversation.open();
    conversation.close();
    assert.equal(left(server), 2);
  }
});

test('a conversation needs an id', async () => {
  const client = new FakeServer().client();
  for (const id of [undefined, null, '', 5, {}]) {
    assert.throws(() => client.conversation(id), { name: 'TypeError', message: /needs the id of a conversation/ });
  }
});

/** Run `work` on a platform without these globals. */
async function without(names, work) {
  const held = names.map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]);
  for (const [name] of held) {
    Object.defineProperty(globalThis, name, { value: undefined, configurable: true, writable: true });
  }
  try {
    await work();
  } finally {
    for (const [name, descriptor] of held) {
      if (descriptor) Object.defineProperty(globalThis, name, descriptor);
      else delete globalThis[name];
    }
  }
}

const MISSING = ['AbortSignal', 'AbortController', 'crypto', 'atob', 'navigator'];

test('without the globals of browsers, ids are handed in and everything works', async () => {
  await without(MISSING, async () => {
    const server = new FakeServer();
    let number = 0;
    const { conversation } = await server.opened({ newId: () => `own-${(number += 1)}` });
    assert.equal(conversation.send('Hello'), 'own-1');
    await settled();
    const stored = server.requests.find((one) => one.method === 'POST' && one.path.endsWith('/messages'));
    assert.equal(stored.body.client_message_id, 'own-1');
  });
});

test('without random numbers and without newId the error says what is missing', async () => {
  await without(['crypto'], async () => {
    const { conversation } = await new FakeServer().opened();
    assert.throws(() => conversation.send('Hello'), /pass newId/);
  });
});

test('a server that does not respond is given up in time, and aborted where the platform can', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  for (const missing of [[], ['AbortController', 'AbortSignal']]) {
    await without(missing, async () => {
      let aborted = false;
      const fetch = (_, { signal }) => {
        signal?.addEventListener('abort', () => (aborted = true));
        return new Promise(() => {});
      };
      const held = { user: { id: 'u' }, access: token('a'), refresh: 'r', until: null };
      const session = new Session({ fetch, storage: memoryStorage(held), timeout: 1000, locks: null });
      const asked = assert.rejects(session.get('/api/x'), ConnectionLost);
      await settled();
      t.mock.timers.tick(1000);
      await asked;
      assert.equal(aborted, !missing.length);
    });
  }
});

test('query parameters are encoded', async () => {
  const addresses = [];
  const fetch = async (address) => {
    addresses.push(address);
    return Response.json({ success: true });
  };
  const held = { user: { id: 'u' }, access: token('a'), refresh: 'r', until: null };
  const session = new Session({ fetch, storage: memoryStorage(held), locks: null });
  await session.get('/api/people', { q: 'Zoë & Co=5%', limit: 2, cursor: null, empty: '', missing: undefined });
  assert.deepEqual(addresses, ['/api/people?q=Zo%C3%AB%20%26%20Co%3D5%25&limit=2']);
});
