"""Connection state recovery, as Socket.IO 4.6 defines it, on top of the rooms' logs.

The CONNECT answer carries a `pid`, each logged event an offset string as its last argument; the stock JavaScript
client sends the last of both when it returns. An offset names how far the socket had got in every room in which it
was sent anything (`<room key>:<seq>.<room key>:<seq>`), and the rooms it was in are stored as it joins them. So it
is put back to the event, in another process too, also when the one that held it was killed.
"""

import re
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, NamedTuple

from django.db.models.functions import Now

from foundation import clock
from foundation.database.bulk import Row, select_many, upsert_many
from foundation.database.pipeline import pipelined, pipelined_transaction
from realtime.hooks import user_room
from realtime.models import JoinedRoom, Room, SocketSession

WINDOW = timedelta(hours=24)
GRACE = timedelta(hours=1)
_PID = re.compile(r"[A-Za-z0-9_-]{32}")
_OFFSET = re.compile(r"\d{1,19}:\d{1,19}(\.\d{1,19}:\d{1,19})*")
LONGEST_OFFSET = 16_384
_HIGHEST_KEY = 2**63 - 1

RightsCheck = Callable[[Iterable[tuple[uuid.UUID, str]]], set[tuple[uuid.UUID, str]]]


@dataclass(frozen=True)
class Recovered:
    """A connection that can be taken up again: the rooms it was in, and the last event that it got in each."""

    pid: str
    positions: dict[str, int]


def parse_offset(offset: Any) -> dict[int, int]:
    """`{room key: seq}`; empty for anything that is not an offset."""
    if not isinstance(offset, str) or len(offset) > LONGEST_OFFSET or not _OFFSET.fullmatch(offset):
        return {}
    pairs = (map(int, part.split(":")) for part in offset.split("."))
    return {key: seq for key, seq in pairs if key <= _HIGHEST_KEY}


@dataclass(frozen=True)
class Returning:
    """What a client says of where it comes from; `offset` is by room key."""

    user_id: uuid.UUID
    pid: str
    offset: dict[int, int]

    @classmethod
    def read(cls, auth: Any, user_id: uuid.UUID) -> "Returning | None":
        """None for a client that is new, or says nothing that can be understood."""
        pid = auth.get("pid") if isinstance(auth, dict) else None
        if not isinstance(pid, str) or not _PID.fullmatch(pid):
            return None
        return cls(user_id, pid, parse_offset(auth.get("offset")))


def find(returning: Sequence[Returning], may_enter: RightsCheck) -> list[Recovered | None]:
    """What each returning client may have back, the right to each room checked afresh. None for those who are
    unknown, somebody else's or too old."""
    sessions, joined, names = _stored(returning)
    allowed = may_enter({(sessions[pid].user_id, room) for pid, rooms in joined.items() for room in rooms})
    found: list[Recovered | None] = []
    for one in returning:
        session = sessions.get(one.pid)
        if session is None or session.user_id != one.user_id:
            found.append(None)
            continue
        rooms = {room: seq for room, seq in joined[one.pid].items() if (one.user_id, room) in allowed}
        rooms[user_room(one.user_id)] = session.user_seq
        got = {names[key]: seq for key, seq in one.offset.items() if key in names}
        found.append(Recovered(one.pid, {room: max(seq, got.get(room, 0)) for room, seq in rooms.items()}))
    return found


class _Session(NamedTuple):
    pid: str
    user_id: uuid.UUID
    user_seq: int
    ended_at: datetime | None


def _stored(returning: Sequence[Returning]) -> tuple[dict[str, _Session], dict[str, dict[str, int]], dict[int, str]]:
    """The connections that are not too old, the rooms that each was in, and the names of the rooms in the offsets."""
    oldest, pids = clock.now() - WINDOW, {one.pid for one in returning}
    with pipelined():
        rows = select_many(SocketSession, _Session._fields, by="pid", among=pids, order_by="pid")
        joins = select_many(JoinedRoom, ("session_id", "room_name", "seq"), by="session_id", among=pids, order_by="id")
        keys = {key for one in returning for key in one.offset}
        names = select_many(Room, ("id", "name"), by="id", among=keys, order_by="id")
    found = map(_Session._make, rows)
    sessions = {one.pid: one for one in found if not (one.ended_at and one.ended_at < oldest)}
    joined: dict[str, dict[str, int]] = {pid: {} for pid in sessions}
    for pid, room, seq in joins:
        if pid in joined:
            joined[pid][room] = seq
    return sessions, joined, dict(names)


@dataclass(frozen=True)
class Beginning:
    """A connection as it is stored; `is_new` is false for one that came back."""

    pid: str
    user_id: uuid.UUID
    process_id: uuid.UUID
    user_seq: int
    is_new: bool = True


def store_beginnings(beginnings: Iterable[Beginning]) -> None:
    """Write connections that began; one that was recovered moves to its new process."""
    upsert_many(SocketSession, _rows(beginnings), unique=("pid",), update=("process_id", "ended_at"))


def _rows(beginnings: Iterable[Beginning]) -> list[Row]:
    """In the order of their pids: whoever writes several does so, or two would wait for each other."""
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
        for one in sorted(beginnings, key=attrgetter("pid"))
    ]


def store_ends(process_id: uuid.UUID, pids: Iterable[str]) -> None:
    """Write that connections of this process ended, unless another process has taken them up since."""
    SocketSession.objects.filter(pid__in=list(pids), process_id=process_id).end(Now())


@dataclass(frozen=True)
class Join:
    """A connection enters a room whose log stood at `seq`."""

    beginning: Beginning
    room: str
    seq: int


def store_joins(joins: Iterable[Join]) -> None:
    """Write who entered which room, before the clients are told so; and of which connection, if that is not written
    yet."""
    latest = {(join.beginning.pid, join.room): join for join in joins}
    beginnings = {join.beginning.pid: join.beginning for join in latest.values()}
    rows = [{"session_id": pid, "room_name": room, "seq": join.seq} for (pid, room), join in sorted(latest.items())]
    with pipelined_transaction():
        upsert_many(SocketSession, _rows(beginnings.values()), unique=("pid",))
        upsert_many(JoinedRoom, rows, unique=("session_id", "room_name"), update=("seq",))


def store_leave(pid: str, room: str) -> None:
    JoinedRoom.objects.filter(session_id=pid, room_name=room).delete()


def forget_old() -> int:
    """Drop the connections that nobody can come back to any more; answers how many."""
    old = SocketSession.objects.filter(ended_at__lt=clock.now() - WINDOW - GRACE)
    JoinedRoom.objects.filter(session__in=old.values("pk")).delete()
    return old.delete()[0]
