/** What the tests of promises need beside the fakes. */

import { settled } from './fakes.js';

/** Every request to `path` waits until it is let go; answers what lets go, in the order in which they came. */
export function gated(server, path) {
  const answer = server.fetch;
  const gates = [];
  server.fetch = async (address, request) => {
    const { pathname } = new URL(address, 'http://server');
    const response = await answer(address, request);
    if (pathname === path && request.method === 'GET') await new Promise((letGo) => gates.push(letGo));
    return response;
  };
  return gates;
}

export const note = (id) => ({ id, title: id, read_at: null });
export const idsOf = (lines) => lines.map((one) => one.id);

export function connected(server) {
  const client = server.client();
  client.connect();
  server.socket.tell('connect');
  return client;
}

/** How a promise has ended: `pending`, `resolved`, or what it was rejected with. */
export async function stateOf(promise) {
  let state = 'pending';
  promise.then(
    () => (state = 'resolved'),
    (fault) => (state = fault),
  );
  await settled();
  return state;
}
