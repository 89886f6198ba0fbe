import { ConnectionLost, Refused } from './errors.js';

/** The codes of temporary errors, with their HTTP status in the REST API. */
const PASSING = { rate_limited: 429, server_error: 500 };

/**
 * Join the room of a conversation; the server replays the events after the `seq` `after`. Returns the acknowledgement,
 * or null if the conversation does not exist. Raises `ConnectionLost` or `Refused`.
 */
export async function joined(client, conversationId, after) {
  const answer = await client.command('join_conversation', { conversationId, after });
  if (answer.success) return answer;
  if (answer.code === 'no_answer') throw new ConnectionLost();
  if (answer.code === 'not_found') return null;
  throw new Refused(PASSING[answer.code] ?? 400, answer, answer.retry_after);
}
