"""What the database holds at the end, read past the server."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import orjson
import psycopg

from faults.clients import describe


@dataclass(frozen=True)
class Row:
    """A message."""

    id: str
    conversation: str
    seq: int
    sender: str
    client_message_id: str | None
    is_deleted: bool = False


@dataclass(frozen=True)
class Place:
    """A participant."""

    conversation: str
    user: str
    last_read_seq: int
    unread_count: int


@dataclass
class State:
    """`logs` has for each room its events in order, each `(seq, event, id)`; `ends` the number that the room itself
    says it is at. `shown` is what REST lists: `(user, conversation) -> (last message, unread)`."""

    messages: list[Row] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    logs: dict[str, list[tuple[int, str, str | None]]] = field(default_factory=dict)
    ends: dict[str, int] = field(default_factory=dict)
    shown: dict[tuple[str, str], tuple[str | None, int]] = field(default_factory=dict)


MESSAGES = "SELECT id, conversation_id, seq, sender_id, client_message_id, deleted_at FROM messaging_message"
PLACES = "SELECT conversation_id, user_id, last_read_seq, unread_count FROM conversations_participant"
ROOMS = "SELECT name, last_seq FROM realtime_room"
EVENTS = """
    SELECT room.name, log.seq, log.event, log.data FROM realtime_roomevent log
    JOIN realtime_room room ON room.id = log.room_id ORDER BY room.id, log.seq
"""


async def read_state(url: str) -> State:
    async with await psycopg.AsyncConnection.connect(url) as connection:
        await connection.set_isolation_level(psycopg.IsolationLevel.REPEATABLE_READ)
        messages = await _rows(connection, MESSAGES)
        places = await _rows(connection, PLACES)
        ends = await _rows(connection, ROOMS)
        events = await _rows(connection, EVENTS)
    return state_of(messages, places, ends, events)


def state_of(
    messages: Iterable[tuple], places: Iterable[tuple], ends: Iterable[tuple], events: Iterable[tuple]
) -> State:
    """The same from rows of any database; ids are UUIDs or hexadecimal text."""
    state = State(ends=dict(ends))
    state.messages = [Row(str(a), str(b), c, str(d), e, f is not None) for a, b, c, d, e, f in messages]
    state.places = [Place(str(a), str(b), c, d) for a, b, c, d in places]
    for room, seq, event, data in events:
        seen = describe(event, orjson.loads(data), "")
        state.logs.setdefault(room, []).append((seq, event, seen["id"]))
    return state


async def _rows(connection: psycopg.AsyncConnection, query: str) -> list[tuple]:
    return await (await connection.execute(query)).fetchall()
