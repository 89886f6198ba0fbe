// The official client: reads the events to emit, and writes what it receives, as lines of JSON.
// node official_client.js URL TRANSPORTS [BUFFERED] [KIND]: BUFFERED is the number of events that it emits before
// connecting. KIND is `msgpack` for the client with that parser, or `v2` for version 2 of the client.
import { createInterface } from 'node:readline';
import { io as io4 } from 'socket.io-client';
import io2 from 'socket.io-client-2';
import msgpack from 'socket.io-msgpack-parser';

const [url, transports, buffered = '0', kind = ''] = process.argv.slice(2);
const io = kind === 'v2' ? io2 : io4;
const say = (...words) => console.log(JSON.stringify(words));

const socket = io(url, {
  transports: transports.split(','),
  auth: { token: 't' },
  ...(kind === 'msgpack' && { parser: msgpack }),
  reconnectionDelay: 50,
  reconnectionDelayMax: 200,
});

socket.on('connect', () => {
  const { engine } = socket.io;
  say('connect', socket.id, engine.transport.name);
  engine.once('upgrade', (transport) => say('upgrade', transport.name));
});
socket.on('connect_error', (error) => say('connect_error', error.message, error.data ?? null));
socket.on('disconnect', (reason) => say('disconnect', reason, socket.active));
socket.onAny?.((...event) => say('event', ...event));

for (let number = 0; number < Number(buffered); number += 1) {
  socket.emit('count', number);
}

createInterface({ input: process.stdin }).on('line', (line) => {
  socket.emit(...JSON.parse(line), (...answer) => say('acknowledged', ...answer));
});
