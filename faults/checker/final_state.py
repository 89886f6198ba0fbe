"""The rows of the database at the end of a run, read directly and not through the server."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import orjson
import psycopg

from faults.events import describe


@dataclass(frozen=True)
class MessageRow:
    id: str
    conversation: str
    seq: int
    sender: str
    client_message_id: str | None
    is_deleted: bool = False


@dataclass(frozen=True)
class ParticipantRow:
    conversation: str
    user: str
    last_read_seq: int
    unread_count: int


@dataclass
class FinalState:
    """The final state. `logs` maps each room to its events in order, each `(seq, event, id)`. `last_seqs` maps it to
    the `last_seq` of its row. `listed` is the conversation list of REST: `(user, conversation) -> (last message,
    unread)`."""

    messages: list[MessageRow] = field(default_factory=list)
    participants: list[ParticipantRow] = field(default_factory=list)
    logs: dict[str, list[tuple[int, str, str | None]]] = field(default_factory=dict)
    last_seqs: dict[str, int] = field(default_factory=dict)
    listed: dict[tuple[str, str], tuple[str | None, int]] = field(default_factory=dict)


MESSAGES = "SELECT id, conversation_id, seq, sender_id, client_message_id, deleted_at FROM messaging_message"
PARTICIPANTS = "SELECT conversation_id, user_id, last_read_seq, unread_count FROM conversations_participant"
ROOMS = "SELECT name, last_seq FROM realtime_room"
EVENTS = """
    SELECT room.name, log.seq, log.event, log.data FROM realtime_roomevent log
    JOIN realtime_room room ON room.id = log.room_id ORDER BY room.id, log.seq
"""


async def read_final_state(url: str) -> FinalState:
    async with await psycopg.AsyncConnection.connect(url) as connection:
        await connection.set_isolation_level(psycopg.IsolationLevel.REPEATABLE_READ)
        messages = await _rows(connection, MESSAGES)
        participants = await _rows(connection, PARTICIPANTS)
        last_seqs = await _rows(connection, ROOMS)
        events = await _rows(connection, EVENTS)
    return final_state_of(messages, participants, last_seqs, events)


def final_state_of(
    messages: Iterable[tuple], participants: Iterable[tuple], last_seqs: Iterable[tuple], events: Iterable[tuple]
) -> FinalState:
    """Make a final state from the rows of any database. Ids are UUIDs or hexadecimal text."""
    state = FinalState(last_seqs=dict(last_seqs))
    state.messages = [MessageRow(str(a), str(b), c, str(d), e, f is not None) for a, b, c, d, e, f in messages]
    state.participants = [ParticipantRow(str(a), str(b), c, d) for a, b, c, d in participants]
    for room, seq, event, data in events:
        seen = describe(event, orjson.loads(data), "")
        state.logs.setdefault(room, []).append((seq, event, seen["id"]))
    return state


async def _rows(connection: psycopg.AsyncConnection, query: str) -> list[tuple]:
    return await (await connection.execute(query)).fetchall()
