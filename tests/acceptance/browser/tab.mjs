// One tab: runs the guide's code on a page of the server, or a socket with other options, and reports all events.
import { parentPort, workerData } from 'node:worker_threads';
import io from 'socket.io-client';

import ChatComponent from '../guide/chat-component.mjs';
import messageListener from '../guide/message-listener.mjs';
import roomManager from '../guide/room-manager.mjs';
import socketService from '../guide/socket-service.mjs';

const ANSWER_WITHIN = 50000;

// The parts of a browser that the guide's code needs: server, storage, and URLs relative to the page.
process.env.REACT_APP_SOCKET_URL = workerData.url;
globalThis.localStorage = { getItem: (key) => (key === 'authToken' ? workerData.token : null) };
const absolute = globalThis.fetch;
globalThis.fetch = (path, options) => absolute(new URL(path, workerData.url), options);

let socket;
let chat;

function watch(opened) {
  socket = opened;
  const report = (event, ...args) => parentPort.postMessage({ event, args });
  socket.onAny(report);
  socket.on('connect', () => {
    const { id, recovered } = socket;
    report('connect', { id, recovered, transport: socket.io.engine.transport.name });
  });
  socket.io.on('open', () => {
    const { engine } = socket.io;
    report('open', engine.transport.name);
    engine.once('upgrade', (transport) => report('upgrade', transport.name));
  });
  socket.on('connect_error', (error) => {
    const { message, data = null, context } = error;
    report('connect_error', { message, data, answer: context?.responseText ?? null });
  });
  socket.on('disconnect', (reason) => report('disconnect', reason));
  socket.io.on('reconnect_attempt', (attempt) => report('reconnect_attempt', attempt));
}

const actions = {
  // The guide's own code
  connect: (token) => {
    watch(socketService.connect(token));
    messageListener.initialize();
    roomManager.initialize();
  },
  disconnect: () => socketService.disconnect(),
  isConnected: () => socketService.isConnected,
  room: (method, ...args) => roomManager[method](...args),
  heard: () => {
    const { typing, stateChanges, updates } = messageListener;
    return { typing, stateChanges, updates };
  },
  mount: (props) => {
    chat = new ChatComponent(props);
    chat.mount();
    watch(socketService.getSocket());
  },
  unmount: () => chat.unmount(),
  say: (text) => chat.sendMessage(text),
  chat: () => ({ messages: chat.render(), notifications: chat.notifications, failures: chat.failures }),

  // A socket with any options
  open: (options) => watch(io(workerData.url, options)),
  emit: (event, ...args) => {
    socket.emit(event, ...args);
  },
  ask: (event, ...args) => socket.timeout(ANSWER_WITHIN).emitWithAck(event, ...args),
  state: () => ({ connected: socket.connected, active: socket.active, recovered: socket.recovered, id: socket.id }),
  // The recovery data from the server, and the address for reconnecting.
  pid: () => socket._pid,
  move: (url) => {
    socket.io.uri = url;
  },
  // The connection breaks without notice to the server.
  drop: () => {
    const { transport } = socket.io.engine;
    if (transport.ws) {
      transport.ws.terminate();
    } else {
      socket.io.engine.close();
    }
  },
};

parentPort.on('message', async ({ id, action, args }) => {
  try {
    parentPort.postMessage({ id, result: (await actions[action](...args)) ?? null });
  } catch (error) {
    parentPort.postMessage({ id, error: String(error.stack) });
  }
});
