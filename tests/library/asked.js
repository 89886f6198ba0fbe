/** Helpers for the tests of promises, in addition to the fakes. */

import { settled } from './fakes.js';

/** Hold every GET of `path`. Returns the functions that release the requests, in the order of arrival. */
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

/** Return the state of a promise: `pending`, `resolved`, or the reason of its rejection. */
export async function stateOf(promise) {
  let state = 'pending';
  promise.then(
    () => (state = 'resolved'),
    (fault) => (state = fault),
  );
  await settled();
  return state;
}
