"""Stores messages of the Python peer in PostgreSQL with a connection pool, one transaction for each message."""

import uuid
from datetime import UTC, datetime
from typing import Any

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

SESSION = """SELECT u.id FROM accounts_loginsession s JOIN accounts_user u ON u.id = s.user_id
    WHERE s.id = %s AND s.ended_at IS NULL AND s.expires_at > now() AND u.is_active AND NOT u.is_blocked"""
TAKES_PART = "SELECT 1 FROM peer.participant WHERE conversation_id = %s AND user_id = %s"
COUNT = """UPDATE peer.conversation c SET last_seq = last_seq + 1, updated_at = now() FROM peer.participant p
    WHERE c.id = %s AND p.conversation_id = c.id AND p.user_id = %s RETURNING c.last_seq"""
UNREAD = """UPDATE peer.participant SET unread_count = unread_count + 1
    WHERE conversation_id = %s AND user_id <> %s RETURNING user_id, unread_count"""
MESSAGE = """INSERT INTO peer.message (id, conversation_id, seq, sender_id, receiver_id, message, created_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s)"""
NOTIFICATION = """INSERT INTO peer.notification (id, user_id, message_id, title, body, created_at)
    VALUES (%s, %s, %s, %s, %s, %s)"""


class NotFound(Exception):
    """The sender is not a participant of the conversation."""


class Store:
    def __init__(self, url: str) -> None:
        self.pool = AsyncConnectionPool(url, min_size=1, max_size=20, open=False)

    async def user_of_session(self, session_id: str) -> str | None:
        """Return the id of the user of an active login session."""
        async with self.pool.connection() as connection:
            found = await (await connection.execute(SESSION, [session_id])).fetchone()
        return str(found[0]) if found else None

    async def takes_part(self, conversation_id: str, user_id: str) -> bool:
        async with self.pool.connection() as connection:
            return await (await connection.execute(TAKES_PART, [conversation_id, user_id])).fetchone() is not None

    async def store(self, sender_id: str, conversation_id: str, text: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Store a message and its notification, and return both. Raises `NotFound`."""
        async with self.pool.connection() as connection:
            return await self._write(connection, sender_id, conversation_id, text)

    async def _write(
        self, connection: AsyncConnection[Any], sender_id: str, conversation_id: str, text: str
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        counted = await (await connection.execute(COUNT, [conversation_id, sender_id])).fetchone()
        if counted is None:
            raise NotFound
        receiver_id, unread = await (await connection.execute(UNREAD, [conversation_id, sender_id])).fetchone()
        message_id, notification_id, now = uuid.uuid4(), uuid.uuid4(), datetime.now(UTC)
        message = {
            "id": str(message_id),
            "conversation_id": conversation_id,
            "seq": counted[0],
            "sender_id": sender_id,
            "receiver_id": str(receiver_id),
            "message": text,
            "created_at": now.isoformat(),
        }
        await connection.execute(MESSAGE, [message_id, conversation_id, counted[0], sender_id, receiver_id, text, now])
        title = "New message"
        await connection.execute(NOTIFICATION, [notification_id, receiver_id, message_id, title, text, now])
        return message, {
            "id": str(notification_id),
            "title": title,
            "body": text,
            "created_at": message["created_at"],
            "unread_count": unread,
            "conversation_id": conversation_id,
            "message": message,
        }
