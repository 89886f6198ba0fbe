/** A client of the REST API with the types that openapi-typescript generates: node rest.js URL EMAIL PASSWORD CHAT UPLOAD */
import createClient from 'openapi-fetch';

import type { components, paths } from './api.js';

type Message = components['schemas']['MessagePayload'];

const [url = '', email = '', password = '', conversation_id = '', id = ''] = process.argv.slice(2);
const api = createClient<paths>({ baseUrl: url });

const login = await api.POST('/api/auth/token', { body: { email, password } });
if (!login.data) throw new Error(login.error.message);
const { access } = login.data;
api.use({
  onRequest({ request }) {
    request.headers.set('Authorization', `Bearer ${access}`);
    return request;
  },
});

const sent = await api.POST('/api/messages', { body: { conversation_id, message: 'Sent over REST' } });
if (!sent.data) throw new Error(sent.error.message);
const message: Message = sent.data.message;
const kind: 'user_input' | 'system' = message.message_type;

const list = await api.GET('/api/conversations', { params: { query: { type: 'direct', limit: 5 } } });
const status: 'automated' | 'real_time' | 'closed' | undefined = list.data?.results[0]?.chat_status;
const refused = await api.GET('/api/messages/{id}', { params: { path: { id: conversation_id } } });
const file = await api.GET('/api/uploads/{id}', { params: { path: { id } }, parseAs: 'arrayBuffer' });

console.log(
  JSON.stringify({
    kind,
    status,
    code: refused.error?.code,
    bytes: file.data && new Uint8Array(file.data as unknown as ArrayBuffer).length,
  }),
);
