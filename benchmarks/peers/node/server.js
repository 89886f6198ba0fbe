// The Node reference server: socket.io as its documentation recommends for production (bufferutil, discarded handshake
// request, connection state recovery or the Redis adapter).
//
// Environment variables: PORT and JWT_KEY; DATABASE_URL to store messages; REDIS_URL to share rooms between processes.
import { createServer } from 'node:http';
import { createAdapter } from '@socket.io/redis-adapter';
import jwt from 'jsonwebtoken';
import { createClient } from 'redis';
import { Server } from 'socket.io';
import { Store } from './store.js';

const { PORT, JWT_KEY, DATABASE_URL, REDIS_URL } = process.env;
const store = DATABASE_URL ? new Store(DATABASE_URL) : null;
const http = createServer();
const io = new Server(http, {
  maxHttpBufferSize: 65536,
  ...(REDIS_URL
    ? {}
    : { connectionStateRecovery: { maxDisconnectionDuration: 2 * 60 * 1000, skipMiddlewares: false } }),
});

if (REDIS_URL) {
  const publisher = createClient({ url: REDIS_URL });
  const subscriber = publisher.duplicate();
  await Promise.all([publisher.connect(), subscriber.connect()]);
  io.adapter(createAdapter(publisher, subscriber));
}

io.engine.on('connection', (socket) => {
  socket.request = null;
});

io.use(async (socket, next) => {
  try {
    const options = { algorithms: ['HS256'], issuer: 'stoory', audience: 'stoory' };
    const claims = jwt.verify(socket.handshake.auth.token, JWT_KEY, options);
    socket.data.userId = store ? await store.userOfSession(claims.session) : claims.user_id;
    next(socket.data.userId === claims.user_id ? undefined : new Error('token_revoked'));
  } catch {
    next(new Error('token_invalid'));
  }
});

const roomOf = (conversationId) => `conversation_${conversationId}`;

io.on('connection', (socket) => {
  const { userId } = socket.data;
  socket.join(`user_${userId}`);

  socket.on('join_conversation', async ({ conversationId }, answer) => {
    if (store && !(await store.takesPart(conversationId, userId))) {
      return answer({ success: false, code: 'not_found' });
    }
    await socket.join(roomOf(conversationId));
    answer({ success: true });
  });

  // Relay the message to the room, without storing it.
  socket.on('relay', ({ conversation_id, message }, answer) => {
    io.to(roomOf(conversation_id)).emit('new_message', { conversation_id, message });
    answer({ success: true });
  });

  // Store the message, acknowledge it after the commit, and deliver it to both participants.
  socket.on('send_message', async ({ conversation_id, message: text }, answer) => {
    try {
      const { message, notification } = await store.store(userId, conversation_id, text);
      answer({ success: true, message, conversation_id });
      io.to(roomOf(conversation_id)).emit('new_message', { conversation_id, message });
      io.to(`user_${message.receiver_id}`).emit('notification', { type: 'message', data: notification });
    } catch (error) {
      answer({ success: false, code: 'server_error', message: error.message });
    }
  });
});

http.listen({ port: Number(PORT), host: '127.0.0.1', backlog: 4096 }, () => console.log('listening'));
