// Stores messages in PostgreSQL with a connection pool, one transaction for each message.
import { randomUUID } from 'node:crypto';
import pg from 'pg';

const SESSION = `SELECT u.id FROM accounts_loginsession s JOIN accounts_user u ON u.id = s.user_id
  WHERE s.id = $1 AND s.ended_at IS NULL AND s.expires_at > now() AND u.is_active AND NOT u.is_blocked`;
const TAKES_PART = 'SELECT 1 FROM peer.participant WHERE conversation_id = $1 AND user_id = $2';
const COUNT = `UPDATE peer.conversation c SET last_seq = last_seq + 1, updated_at = now() FROM peer.participant p
  WHERE c.id = $1 AND p.conversation_id = c.id AND p.user_id = $2 RETURNING c.last_seq`;
const UNREAD = `UPDATE peer.participant SET unread_count = unread_count + 1
  WHERE conversation_id = $1 AND user_id <> $2 RETURNING user_id, unread_count`;
const MESSAGE = `INSERT INTO peer.message (id, conversation_id, seq, sender_id, receiver_id, message, created_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7)`;
const NOTIFICATION = `INSERT INTO peer.notification (id, user_id, message_id, title, body, created_at)
  VALUES ($1, $2, $3, $4, $5, $6)`;

export class Store {
  constructor(url) {
    this.pool = new pg.Pool({ connectionString: url, max: 20 });
  }

  // Returns the id of the user of an active login session, or undefined.
  async userOfSession(sessionId) {
    const found = await this.pool.query({ name: 'session', text: SESSION, values: [sessionId] });
    return found.rows[0]?.id;
  }

  async takesPart(conversationId, userId) {
    const found = await this.pool.query({ name: 'takes-part', text: TAKES_PART, values: [conversationId, userId] });
    return found.rowCount === 1;
  }

  // Stores a message and its notification, and returns both. Throws if the sender is not a participant.
  async store(senderId, conversationId, text) {
    const client = await this.pool.connect();
    try {
      await client.query('BEGIN');
      const stored = await this.#write(client, senderId, conversationId, text);
      await client.query('COMMIT');
      return stored;
    } catch (error) {
      await client.query('ROLLBACK');
      throw error;
    } finally {
      client.release();
    }
  }

  async #write(client, senderId, conversationId, text) {
    const run = (name, text, values) => client.query({ name, text, values });
    const counted = await run('count', COUNT, [conversationId, senderId]);
    if (counted.rowCount !== 1) throw new Error('not_found');
    const seq = Number(counted.rows[0].last_seq);
    const unread = (await run('unread', UNREAD, [conversationId, senderId])).rows[0];
    const message = {
      id: randomUUID(),
      conversation_id: conversationId,
      seq,
      sender_id: senderId,
      receiver_id: unread.user_id,
      message: text,
      created_at: new Date().toISOString(),
    };
    await run('message', MESSAGE, [
      message.id,
      conversationId,
      seq,
      senderId,
      unread.user_id,
      text,
      message.created_at,
    ]);
    const notification = {
      id: randomUUID(),
      title: 'New message',
      body: text,
      created_at: message.created_at,
      unread_count: unread.unread_count,
      conversation_id: conversationId,
      message,
    };
    await run('notification', NOTIFICATION, [
      notification.id,
      unread.user_id,
      message.id,
      notification.title,
      text,
      message.created_at,
    ]);
    return { message, notification };
  }
}
