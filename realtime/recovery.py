"""Connection state recovery, as Socket.IO 4.6 defines it, on top of the rooms' logs.

The CONNECT answer carries a `pid`, each logged event an offset string as its last argument; the stock JavaScript
client sends the last of both when it returns. An offset names how far the socket had got in every room in which it
was sent anything (`<room key>:<seq>.<room key>:<seq>`), and the rooms it was in are stored as it joins them. So it
is put back to the event, in another process too, also when the one that held it was killed.
"""

import re
import secrets
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from operator import attrgetter
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from foundation import clock
from foundation.bulk import select_many
from realtime.models import JoinedRoom, Room, SocketSession
from realtime.product import user_room

WINDOW = timedelta(hours=24)
GRACE = timedelta(hours=1)
_PID = re.compile(r"[A-Za-z0-9_-]{32}")
_OFFSET = re.compile(r"\d{1,19}:\d{1,19}(\.\d{1,19}:\d{1,19})*")
LONGEST_OFFSET = 16_384

RightsCheck = Callable[[Iterable[tuple[uuid.UUID, str]]], set[tuple[uuid.UUID, str]]]


@dataclass(frozen=True)
class Recovered:
    """A connection that can be taken up again: the rooms it was in, and the last event that it got in each."""

    pid: str
    positions: dict[str, int]


def new_pid() -> str:
    """192 random bits."""
    return secrets.token_urlsafe(24)


def parse_offset(offset: Any) -> dict[int, int]:
    """`{room key: seq}`; empty for anything that is not an offset."""
    if not isinstance(offset, str) or len(offset) > LONGEST_OFFSET or not _OFFSET.fullmatch(offset):
        return {}
    pairs = (part.split(":") for part in offset.split("."))
    return {int(key): int(seq) for key, seq in pairs}


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
    oldest = clock.now() - WINDOW
    rows = SocketSession.objects.filter(pid__in={one.pid for one in returning}).prefetch_related("joined")
    sessions = {row.pid: row for row in rows if not (row.ended_at and row.ended_at < oldest)}
    joined = {pid: {row.room_name: row.seq for row in session.joined.all()} for pid, session in sessions.items()}
    allowed = may_enter({(sessions[pid].user_id, room) for pid, rooms in joined.items() for room in rooms})
    names = _names({key for one in returning for key in one.offset})
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


def _names(keys: set[int]) -> dict[int, str]:
    return dict(Room.objects.filter(pk__in=keys).values_list("pk", "name")) if keys else {}


@dataclass(frozen=True)
class Beginning:
    """A connection as it is stored; `is_new` is false for one that came back."""

    pid: str
    user_id: uuid.UUID
    process_id: uuid.UUID
    user_seq: int
    is_new: bool = True


def store_beginnings(beginnings: Iterable[Beginning]) -> None:
    """Write connections that began, in the order of their pids; one that was recovered moves to its new process."""
    now = clock.now()
    SocketSession.objects.bulk_create(
        [
            SocketSession(
                pid=one.pid,
                user_id=one.user_id,
                process_id=one.process_id,
                user_seq=one.user_seq,
                started_at=now,
                ended_at=None,
            )
            for one in sorted(beginnings, key=attrgetter("pid"))
        ],
        update_conflicts=True,
        unique_fields=["pid"],
        update_fields=["process", "ended_at"],
    )


def store_ends(process_id: uuid.UUID, pids: Iterable[str]) -> None:
    """Write that connections of this process ended, unless another process has taken them up since."""
    SocketSession.objects.filter(pid__in=list(pids), process_id=process_id).end(Now())


@dataclass(frozen=True)
class Join:
    """A connection enters a room whose log stood at `seq`."""

    beginning: Beginning
    room: str
    seq: int


@transaction.atomic
def store_joins(joins: Iterable[Join]) -> None:
    """Write who entered which room, before the clients are told so."""
    latest = {(join.beginning.pid, join.room): join for join in joins}
    beginnings = {join.beginning.pid: join.beginning for join in latest.values()}
    stored = {pid for (pid,) in select_many(SocketSession, ("pid",), by="pid", among=beginnings, order_by="pid")}
    new = [beginnings[pid] for pid in beginnings.keys() - stored]
    if new:
        store_beginnings(new)
    JoinedRoom.objects.bulk_create(
        [JoinedRoom(session_id=pid, room_name=room, seq=join.seq) for (pid, room), join in sorted(latest.items())],
        update_conflicts=True,
        unique_fields=["session", "room_name"],
        update_fields=["seq"],
    )


def store_leave(pid: str, room: str) -> None:
    JoinedRoom.objects.filter(session_id=pid, room_name=room).delete()


def forget_old() -> int:
    """Drop the connections that nobody can come back to any more; answers how many."""
    old = SocketSession.objects.filter(ended_at__lt=clock.now() - WINDOW - GRACE)
    JoinedRoom.objects.filter(session__in=old.values("pk")).delete()
    return old.delete()[0]
