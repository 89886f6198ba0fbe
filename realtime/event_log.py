"""The event log of each room, in the database. It is the source of truth for the events and their order."""

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from foundation.database.bulk import select_many, update_many, upsert_many
from foundation.database.pipeline import pipelined
from foundation.json import from_json, to_json
from realtime.models import Room, RoomEvent

PAGE_SIZE = 500
REPLAY_LIMIT = 1000


class LoggedEvent(NamedTuple):
    """One event, as it is stored and sent. `data` is JSON."""

    seq: int
    event: str
    data: str


class LogHead(NamedTuple):
    """The head of a room's log: its last `seq`, the highest deleted `seq` (`floor`), and the room's `key` in recovery
    offsets."""

    key: int
    seq: int
    floor: int


EMPTY_LOG = LogHead(0, 0, 0)
"""The head of a room without events."""


@dataclass(slots=True)
class LockedRoom:
    """A room whose row is locked, with its key and its last `seq`. The holder of the lock increments `last_seq`."""

    key: int
    last_seq: int


def lock(names: Iterable[str]) -> dict[str, LockedRoom]:
    """Lock rooms in the order of their names, which is the lock order everywhere. Missing rooms are created.

    Call it in a transaction, which holds the locks until it ends. Returns the locked rooms by name.
    """
    wanted = sorted(set(names))
    if not wanted:
        return {}
    rooms = locked_rooms(queue_locks(wanted))
    if len(rooms) < len(wanted):
        with pipelined():
            _create_rooms(name for name in wanted if name not in rooms)
            rooms = locked_rooms(queue_locks(wanted))
    return rooms


def queue_locks(names: Iterable[str]) -> Iterable[tuple[str, int, int]]:
    """Lock the named rooms that exist. In a pipeline, the query is queued until `locked_rooms` reads its rows."""
    return select_many(Room, ("name", "id", "last_seq"), by="name", among=names, order_by="name", lock=True)


def locked_rooms(rows: Iterable[tuple[str, int, int]]) -> dict[str, LockedRoom]:
    """Return the rooms that `queue_locks` has locked, by name."""
    return {name: LockedRoom(key, last_seq) for name, key, last_seq in rows}


def store_heads(rooms: Iterable[LockedRoom]) -> None:
    """Write the last `seq` of these rooms."""
    update_many(Room, [{"id": room.key, "last_seq": room.last_seq} for room in rooms])


def heads(names: Iterable[str]) -> dict[str, LogHead]:
    """Return the heads of rooms by name. Missing rooms are created, so that each room has a key."""
    wanted = set(names)
    found = _heads(wanted)
    missing = wanted - found.keys()
    if missing:
        with pipelined():
            _create_rooms(sorted(missing))
            found |= _heads(missing)
    return found


def _create_rooms(names: Iterable[str]) -> None:
    """Create rooms in this order. Rooms that another transaction has created meanwhile are not changed."""
    upsert_many(Room, [{"name": name, "last_seq": 0, "floor": 0} for name in names], unique=("name",))


def _heads(names: set[str]) -> dict[str, LogHead]:
    rows = select_many(Room, ("name", "id", "last_seq", "floor"), by="name", among=names, order_by="name")
    return {name: LogHead(key, seq, floor) for name, key, seq, floor in rows}


def last_seqs(names: Iterable[str]) -> Iterable[tuple[str, int]]:
    """Return the name and the last `seq` of each existing room. In a pipeline, the query is queued until the result is
    read."""
    return select_many(Room, ("name", "last_seq"), by="name", among=names, order_by="name")


def read(name: str, *, after: int, limit: int = PAGE_SIZE) -> list[LoggedEvent]:
    """Return at most `limit` events of a room after `after`, in order."""
    rows = RoomEvent.objects.filter(room__name=name, seq__gt=after).order_by("seq")
    return [LoggedEvent(*row) for row in rows.values_list("seq", "event", "data")[:limit]]


@dataclass(frozen=True, slots=True)
class ReplayRequest:
    """A request for all events of a room after `start`. The client has missed the events after `after`, and `start` is
    at most `after`."""

    room: str
    after: int
    start: int


Replayed = list[LoggedEvent] | None
"""The events for a request, or None if they are incomplete: events were deleted from the log, `after` is higher than
the last `seq`, or there are too many events."""


def replay(requests: Sequence[ReplayRequest], *, limit: int = REPLAY_LIMIT) -> list[Replayed]:
    """Return the events for each request, or None if they are incomplete. If more than `limit` events follow `after`,
    the result is None too."""
    found = _heads({request.room for request in requests})
    possible = {request for request in requests if _is_possible(request, found.get(request.room, EMPTY_LOG), limit)}
    same_room: dict[str, list[ReplayRequest]] = {}
    for request in possible:
        same_room.setdefault(request.room, []).append(request)
    logs = {room: _read_for(same, found.get(room, EMPTY_LOG), limit) for room, same in same_room.items()}
    return [_events_for(logs[request.room], request, limit) if request in possible else None for request in requests]


def _is_possible(request: ReplayRequest, head: LogHead, limit: int) -> bool:
    return head.floor <= request.after <= head.seq and head.seq - request.after <= limit


def _read_for(requests: Sequence[ReplayRequest], head: LogHead, limit: int) -> list[LoggedEvent]:
    """Read the events for all requests for one room at once, because many returning clients need the same events."""
    start = min(request.start for request in requests)
    if start == head.seq:
        return []
    return read(requests[0].room, after=start, limit=max(request.after for request in requests) - start + limit + 1)


def _events_for(events: list[LoggedEvent], request: ReplayRequest, limit: int) -> list[LoggedEvent] | None:
    part = [event for event in events if event.seq > request.start]
    return part if len(part) <= request.after - request.start + limit else None


def rewrite_events(subject: uuid.UUID, rewrite: Callable[[str, dict[str, Any]], dict[str, Any]]) -> None:
    """Change data in the log. `rewrite(event, payload)` returns the new payload of each event about `subject`. The
    events keep their `seq`."""
    for row in RoomEvent.objects.filter(subject=subject):
        data = to_json(rewrite(row.event, from_json(row.data)))
        RoomEvent.objects.filter(room_id=row.room_id, seq=row.seq).update(data=data)
