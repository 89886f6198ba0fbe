"""Connection state recovery, as Socket.IO 4.6 defines it, with the rooms' logs.

The CONNECT response contains a `pid`, and the last argument of each logged event is an offset string. When the stock
client reconnects, it sends the `pid` and the last offset. An offset contains the last `seq` that the socket received in
each room (`<room key>:<seq>.<room key>:<seq>`). The rooms of a socket are stored when it joins them. A client thus
recovers exactly the missed events, also in another process and after its process was killed.
"""

import re
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from operator import attrgetter
from typing import Any, NamedTuple

from django.db.models.functions import Now

from foundation import clock
from foundation.database.batched_deletes import batch, delete_in_batches
from foundation.database.bulk import Row, select_many, upsert_many
from foundation.database.pipeline import pipelined, pipelined_transaction
from realtime.event_log import ReplayRequest
from realtime.hooks import user_room
from realtime.models import JoinedRoom, Room, SocketSession

WINDOW = timedelta(hours=24)
GRACE = timedelta(hours=1)
_PID = re.compile(r"[A-Za-z0-9_-]{32}")
_OFFSET = re.compile(r"\d{1,19}:\d{1,19}(\.\d{1,19}:\d{1,19})*")
MAX_OFFSET_LENGTH = 16_384
_HIGHEST_KEY = 2**63 - 1
LEFT = -1
"""The `user_seq` of a session that has left its user's own room. Recovery keeps the session out of the room."""

RightsCheck = Callable[[Iterable[tuple[uuid.UUID, str]]], set[tuple[uuid.UUID, str]]]


@dataclass(frozen=True)
class Recovered:
    """A session that can be recovered. `positions` maps each of its rooms to the last received `seq`."""

    pid: str
    positions: dict[str, int]


def parse_offset(offset: Any) -> dict[int, int]:
    """Return an offset as `{room key: seq}`. An invalid offset returns an empty dict."""
    if not isinstance(offset, str) or len(offset) > MAX_OFFSET_LENGTH or not _OFFSET.fullmatch(offset):
        return {}
    pairs = (map(int, part.split(":")) for part in offset.split("."))
    return {key: seq for key, seq in pairs if key <= _HIGHEST_KEY}


@dataclass(frozen=True)
class RecoveryRequest:
    """The request of a client to recover a session. `offset` is `{room key: seq}`."""

    user_id: uuid.UUID
    pid: str
    offset: dict[int, int]

    @classmethod
    def read(cls, auth: Any, user_id: uuid.UUID) -> "RecoveryRequest | None":
        """Read the payload of a CONNECT packet. Return None if the client is new or its `pid` is malformed."""
        pid = auth.get("pid") if isinstance(auth, dict) else None
        if not isinstance(pid, str) or not _PID.fullmatch(pid):
            return None
        return cls(user_id, pid, parse_offset(auth.get("offset")))


def recover(requests: Sequence[RecoveryRequest], may_enter: RightsCheck) -> list[Recovered | None]:
    """Return the session that each client recovers, with the rooms that it may still enter. Return None for a session
    that is unknown, too old or of another user."""
    sessions, joined, names = _load(requests)
    allowed = may_enter({(sessions[pid].user_id, room) for pid, rooms in joined.items() for room in rooms})
    found: list[Recovered | None] = []
    for one in requests:
        session = sessions.get(one.pid)
        if session is None or session.user_id != one.user_id:
            found.append(None)
            continue
        rooms = {room: seq for room, seq in joined[one.pid].items() if (one.user_id, room) in allowed}
        if session.user_seq != LEFT:
            rooms[user_room(one.user_id)] = session.user_seq
        got = {names[key]: seq for key, seq in one.offset.items() if key in names}
        found.append(Recovered(one.pid, {room: max(seq, got.get(room, 0)) for room, seq in rooms.items()}))
    return found


class _StoredSession(NamedTuple):
    pid: str
    user_id: uuid.UUID
    user_seq: int
    ended_at: datetime | None


def _load(
    requests: Sequence[RecoveryRequest],
) -> tuple[dict[str, _StoredSession], dict[str, dict[str, int]], dict[int, str]]:
    """Return the sessions that are not too old, their rooms, and the names of the rooms in the offsets."""
    oldest, pids = clock.now() - WINDOW, {one.pid for one in requests}
    with pipelined():
        rows = select_many(SocketSession, _StoredSession._fields, by="pid", among=pids, order_by="pid")
        joins = select_many(JoinedRoom, ("session_id", "room_name", "seq"), by="session_id", among=pids, order_by="id")
        keys = {key for one in requests for key in one.offset}
        names = select_many(Room, ("id", "name"), by="id", among=keys, order_by="id")
    found = map(_StoredSession._make, rows)
    sessions = {one.pid: one for one in found if not (one.ended_at and one.ended_at < oldest)}
    joined: dict[str, dict[str, int]] = {pid: {} for pid in sessions}
    for pid, room, seq in joins:
        if pid in joined:
            joined[pid][room] = seq
    return sessions, joined, dict(names)


@dataclass(frozen=True)
class SessionRecord:
    """A session, as it is stored. `is_new` is False for a recovered session. `user_seq` is `LEFT` if it has left the
    room of its user."""

    pid: str
    user_id: uuid.UUID
    process_id: uuid.UUID
    user_seq: int
    is_new: bool = True


def save_sessions(sessions: Iterable[SessionRecord]) -> None:
    """Store sessions that have started. A recovered session is assigned to its new process."""
    upsert_many(SocketSession, _rows(sessions), unique=("pid",), update=("process_id", "ended_at"))


def save_user_seq(session: SessionRecord) -> None:
    """Store the `user_seq` of a session, which is stored too if it is not yet."""
    upsert_many(SocketSession, _rows([session]), unique=("pid",), update=("user_seq",))


def _rows(sessions: Iterable[SessionRecord]) -> list[Row]:
    """Return the rows in the order of their pids. In any other order, two transactions could deadlock."""
    now = clock.now()
    return [
        {
            "pid": one.pid,
            "user_id": one.user_id,
            "process_id": one.process_id,
            "user_seq": one.user_seq,
            "started_at": now,
            "ended_at": None,
        }
        for one in sorted(sessions, key=attrgetter("pid"))
    ]


def end_sessions(process_id: uuid.UUID, pids: Iterable[str]) -> None:
    """Store that sessions of a process have ended, unless another process has recovered them."""
    SocketSession.objects.filter(pid__in=list(pids), process_id=process_id).end(Now())


@dataclass(frozen=True)
class RoomJoin:
    """A session that joins a room. `seq` is the position of the room, and `replay` the request for missed events."""

    session: SessionRecord
    room: str
    seq: int
    replay: ReplayRequest | None = None


def save_joins(joins: Iterable[RoomJoin]) -> None:
    """Store joins before the clients receive the acknowledgement. Sessions that are not yet stored are stored too."""
    latest = {(join.session.pid, join.room): join for join in joins}
    sessions = {join.session.pid: join.session for join in latest.values()}
    rows = [{"session_id": pid, "room_name": room, "seq": join.seq} for (pid, room), join in sorted(latest.items())]
    with pipelined_transaction():
        upsert_many(SocketSession, _rows(sessions.values()), unique=("pid",))
        upsert_many(JoinedRoom, rows, unique=("session_id", "room_name"), update=("seq",))


def delete_join(pid: str, room: str) -> None:
    JoinedRoom.objects.filter(session_id=pid, room_name=room).delete()


def delete_expired() -> int:
    """Delete the sessions that can no longer be recovered, with their joins. Return the number of rows."""
    return delete_in_batches(partial(_delete_some_expired, clock.now() - WINDOW - GRACE))


def _delete_some_expired(before: datetime, limit: int) -> int:
    ended = SocketSession.objects.filter(ended_at__lt=before).order_by("ended_at").values_list("pk", flat=True)
    pids = list(ended[:limit])
    # In the order of the pids, as everywhere. A session that was recovered meanwhile is kept.
    with batch():
        old = SocketSession.objects.select_for_update(no_key=True).filter(pk__in=pids, ended_at__lt=before)
        locked = list(old.order_by("pid").values_list("pk", flat=True))
        joins, _ = JoinedRoom.objects.filter(session__in=locked).delete()
        sessions, _ = SocketSession.objects.filter(pk__in=locked).delete()
    return joins + sessions
