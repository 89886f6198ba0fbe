/** A client of the socket with types from the AsyncAPI document: node socket.js URL TOKEN CHAT */
import { io, type Socket } from 'socket.io-client';

import type { components } from './events.js';

type Schemas = components['schemas'];
type Refused = Schemas['FailedAcknowledgement'];

interface Events {
  new_message: (data: Schemas['NewMessagePayload']) => void;
  user_typing: (data: Schemas['TypingPayload']) => void;
}

interface Commands {
  join_conversation: (
    data: Schemas['JoinConversationRequest'],
    answer: (said: Schemas['JoinConversationAcknowledgement'] | Refused) => void,
  ) => void;
  send_message: (
    data: Schemas['SendMessageRequest'],
    answer: (said: Schemas['SendMessageAcknowledgement'] | Refused) => void,
  ) => void;
}

const [url = '', token = '', conversationId = ''] = process.argv.slice(2);
const socket: Socket<Events, Commands> = io(url, { auth: { token }, transports: ['websocket'] });

const received = new Promise<Schemas['NewMessagePayload']>((resolve) => socket.on('new_message', resolve));
const refused = await socket.emitWithAck('join_conversation', { conversationId: 'unknown' });
const joined = await socket.emitWithAck('join_conversation', { conversationId });
if (!joined.success) throw new Error(joined.message);
const role: 'influencer' | 'brand_owner' | 'participant' | 'operator' = joined.conversation.my_role;
const sent = await socket.emitWithAck('send_message', {
  conversation_id: conversationId,
  message: 'Sent over the socket',
});
const event = await received;
console.log(
  JSON.stringify({
    role,
    code: refused.success ? null : refused.code,
    sent: sent.success && sent.message.seq,
    received: event.seq,
    text: event.message.message,
  }),
);
socket.disconnect();
