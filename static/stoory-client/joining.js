import { ConnectionLost, Refused } from './errors.js';

/** Codes of errors that pass, with the status that REST gives them. */
const PASSING = { rate_limited: 429, server_error: 500 };

/**
 * Enter a conversation's room, and have sent what came after a `seq`. Answers what the server says, null
 * where there is no such conversation; raises what waiting helps against.
 */
export async function joined(client, conversationId, after) {
  const answer = await client.command('join_conversation', { conversationId, after });
  if (answer.success) return answer;
  if (answer.code === 'no_answer') throw new ConnectionLost();
  if (answer.code === 'not_found') return null;
  throw new Refused(PASSING[answer.code] ?? 400, answer, answer.retry_after);
}
