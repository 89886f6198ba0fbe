/** The types: they are checked, and the example in the README is compiled with them and run. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { createElement } from 'react';

import * as library from '../../static/stoory-client/index.js';
import * as hooks from '../../static/stoory-client/react.js';
import { FakeServer, newMessage, OTHER, ROOM } from './fakes.js';
import { acted, rendered, typed } from './rendered.js';

const ROOT = new URL('../../', import.meta.url).pathname;
const LIBRARY = join(ROOT, 'static/stoory-client');
const CLIENT = "import('../../../static/stoory-client/index.js').StooryClient";
let folder, component;

/** Compile TypeScript in `folder`; throws the compiler's messages. */
function compile(...more) {
  const config = {
    compilerOptions: {
      strict: true,
      target: 'es2022',
      module: 'nodenext',
      moduleResolution: 'nodenext',
      lib: ['es2022', 'dom', 'dom.iterable'],
      jsx: 'react-jsx',
      skipLibCheck: false,
      types: [],
      rootDir: '.',
      outDir: 'out',
      noEmitOnError: true,
    },
    files: more,
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  try {
    execFileSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', folder], { encoding: 'utf8' });
  } catch (fault) {
    throw new Error(fault.stdout, { cause: fault });
  }
}

before(() => {
  // Inside the project, so that packages are found.
  folder = mkdtempSync(join(ROOT, 'tests/library/.compiled-'));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
});

after(() => rmSync(folder, { recursive: true, force: true }));

test('the types name exactly what the library exports', () => {
  for (const [module, file] of [
    [library, 'index.d.ts'],
    [hooks, 'react.d.ts'],
  ]) {
    const declared = [...readFileSync(join(LIBRARY, file), 'utf8').matchAll(/^export (?:class|function) (\w+)/gm)];
    assert.deepEqual(declared.map(([, name]) => name).sort(), Object.keys(module).sort());
  }
});

test('every public method of the library is declared, and every declared method exists', () => {
  const text = readFileSync(join(LIBRARY, 'index.d.ts'), 'utf8');
  const internal = new Set([
    'constructor',
    'update',
    'connected',
    'disconnected',
    'ended',
    'receive',
    'presence',
    'isTemporary',
  ]);
  for (const name of ['Session', 'StooryClient', 'Conversation', 'ConversationList', 'Notifications']) {
    const body = text.split(`export class ${name} `)[1].split('\n}\n')[0];
    const declared = [...body.matchAll(/^ {2}(?:readonly )?(\w+)[(:]/gm)].map(([, one]) => one);
    const there = Object.getOwnPropertyNames(library[name].prototype);
    for (const one of there) assert.ok(internal.has(one) || declared.includes(one), `${name}.${one} is not declared`);
    const fields = new Set(['constructor', 'session', 'id', 'onEnded']);
    for (const one of declared) assert.ok(there.includes(one) || fields.has(one), `${name}.${one} is not there`);
  }
});

/** Compile and return the component of the README. */
async function compiledChat() {
  const jsx = readFileSync(join(LIBRARY, 'README.md'), 'utf8').match(/```jsx\n([\s\S]*?)```/)[1];
  const typed = jsx
    .replaceAll('stoory-client/react', '../../../static/stoory-client/react.js')
    .replace(
      'function Chat({ client, conversationId })',
      `function Chat({ client, conversationId }: { client: ${CLIENT}; conversationId: string })`,
    )
    .replaceAll('(event) =>', '(event: any) =>');
  writeFileSync(join(folder, 'Chat.tsx'), typed);
  compile('Chat.tsx');
  const compiled = join(folder, 'out', 'Chat.js');
  writeFileSync(join(folder, 'Chat.js'), readFileSync(compiled, 'utf8'));
  // eslint-disable-next-line no-unsanitized/method -- this test has just created the file
  return (await import(join(folder, 'Chat.js'))).default;
}

/** Render the component with a connected client. */
async function shownChat(server) {
  component ??= await compiledChat();
  const client = server.client();
  client.connect();
  server.socket.tell('connect');
  return rendered(createElement(component, { client, conversationId: ROOM }));
}

test('the component of the README compiles, shows new messages, sends, and shows who is typing', async () => {
  const server = new FakeServer();
  server.log.push(newMessage(1));
  const { container, unmount } = await shownChat(server);
  const shown = () => [...container.querySelectorAll('.message-content')].map((one) => one.textContent);
  assert.deepEqual(shown(), ['text 1']);

  await acted(() => {
    server.happens(newMessage(2));
    server.socket.tell('user_typing', { conversationId: ROOM, userId: 'x', isTyping: true });
  });
  assert.deepEqual(shown(), ['text 1', 'text 2']);
  assert.equal(container.querySelectorAll('.typing-indicator').length, 1);

  const input = container.querySelector('input');
  await typed(input, 'From React');
  await acted(() => container.querySelector('form').requestSubmit());
  assert.deepEqual(shown(), ['text 1', 'text 2', 'From React']);
  assert.equal(input.value, '');

  await unmount();
  assert.equal(container.textContent, '');
  assert.deepEqual(server.socket.sent.at(-1), ['leave_conversation', { conversationId: ROOM }]);
});

test('the component of the README shows new notifications and marks them as read', async () => {
  const server = new FakeServer();
  const told = (id, fields = {}) => ({
    id,
    type: 'message',
    title: 'New message',
    body: `body ${id}`,
    payload: {},
    conversation_id: ROOM,
    created_at: '2026-01-01T12:00:00.000Z',
    read_at: null,
    ...fields,
  });
  server.notified = [told('n2'), told('elsewhere', { conversation_id: OTHER }), told('n1', { read_at: '2026-01-01' })];
  const { container } = await shownChat(server);
  const found = (name) => [...container.querySelectorAll(`.${name}`)].map((one) => one.textContent);
  const shown = () => [found('unread').join(), found('notification')];
  const press = (name) => acted(() => container.querySelector(`.${name} button`).click());
  const unread = (count) => `${count} unread notifications Mark all as read`;
  const shownAs = (id) => `New message body ${id} Mark as read`;
  assert.deepEqual(shown(), [unread(2), [shownAs('n2')]]);

  const { type, ...data } = told('n3');
  server.notified = [told('n3'), ...server.notified];
  await acted(() => server.socket.tell('notification', { type, data }));
  assert.deepEqual(shown(), [unread(3), [shownAs('n3'), shownAs('n2')]]);

  await press('notification');
  assert.deepEqual(shown(), [unread(2), [shownAs('n2')]]);
  await press('unread');
  assert.deepEqual(shown(), ['', []]);
  assert.deepEqual(
    server.requests
      .filter(({ method, path }) => method === 'POST' && path.startsWith('/api/notif'))
      .map((one) => one.path),
    ['/api/notifications/n3/read', '/api/notifications/read-all'],
  );
});

test('an unmounted hook removes its listeners', async () => {
  const client = new FakeServer().client();
  const { notifications } = client;
  const { subscribe } = notifications;
  let listeners = 0;
  notifications.subscribe = (listener) => {
    const end = subscribe(listener);
    listeners += 1;
    return () => {
      listeners -= Number(end());
    };
  };
  const Bell = () => hooks.useNotifications(client)[0].unread;
  const { container, unmount } = await rendered(createElement(Bell));
  assert.equal(container.textContent, '0');
  assert.equal(listeners, 1);
  await unmount();
  assert.equal(listeners, 0);
});
