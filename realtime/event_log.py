"""The log of each room in the database: the only truth about what was sent, and in which order."""

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Max

from foundation.database.bulk import select_many, update_many, upsert_many
from foundation.database.pipeline import pipelined
from foundation.json import from_json, to_json
from realtime.models import Room, RoomEvent

PAGE = 500
REPLAY_LIMIT = 1000


class Logged(NamedTuple):
    """One event as it is stored and sent; `data` is JSON."""

    seq: int
    event: str
    data: str


class End(NamedTuple):
    """Where a room's log ends, and the key by which recovery offsets name the room."""

    key: int
    seq: int
    floor: int


NOWHERE = End(0, 0, 0)
"""Of a room that nothing was ever sent to."""


@dataclass(slots=True)
class Locked:
    """A room whose row is locked: its key, and where its log ends, which the holder of the lock moves on."""

    key: int
    last_seq: int


def lock(names: Iterable[str]) -> dict[str, Locked]:
    """Lock the rooms, made where they are missing, in the order of their names: the one order everywhere.

    The caller is in a transaction; the locks are held until it ends.
    """
    wanted = sorted(set(names))
    if not wanted:
        return {}
    rooms = read_locked(ask_lock(wanted))
    if len(rooms) < len(wanted):
        with pipelined():
            _make(name for name in wanted if name not in rooms)
            rooms = read_locked(ask_lock(wanted))
    return rooms


def ask_lock(names: Iterable[str]) -> Iterable[tuple[str, int, int]]:
    """Those of the rooms that there are, locked, for `read_locked`. In a pipeline they are asked for, and waited for
    there."""
    return select_many(Room, ("name", "id", "last_seq"), by="name", among=names, order_by="name", lock=True)


def read_locked(rows: Iterable[tuple[str, int, int]]) -> dict[str, Locked]:
    """What `ask_lock` has asked for, by name."""
    return {name: Locked(key, last_seq) for name, key, last_seq in rows}


def store_ends(rooms: Iterable[Locked]) -> None:
    """Write where the logs of these rooms now end."""
    update_many(Room, [{"id": room.key, "last_seq": room.last_seq} for room in rooms])


def ends(names: Iterable[str]) -> dict[str, End]:
    """Where the logs of these rooms end; a room that nothing was ever sent to is made, so that it has a key."""
    wanted = set(names)
    found = _ends(wanted)
    missing = wanted - found.keys()
    if missing:
        with pipelined():
            _make(sorted(missing))
            found |= _ends(missing)
    return found


def _make(names: Iterable[str]) -> None:
    """In their order. Nothing is done for those that somebody else has made in the meantime."""
    upsert_many(Room, [{"name": name, "last_seq": 0, "floor": 0} for name in names], unique=("name",))


def _ends(names: set[str]) -> dict[str, End]:
    rows = select_many(Room, ("name", "id", "last_seq", "floor"), by="name", among=names, order_by="name")
    return {name: End(key, seq, floor) for name, key, seq, floor in rows}


def read(name: str, *, after: int, limit: int = PAGE) -> list[Logged]:
    """The events after `after`, in order, at most `limit`."""
    rows = RoomEvent.objects.filter(room__name=name, seq__gt=after).order_by("seq")
    return [Logged(*row) for row in rows.values_list("seq", "event", "data")[:limit]]


@dataclass(frozen=True, slots=True)
class Replay:
    """A wish for everything in a room since `after`. The events between `start`, a number up to `after`, and `after`
    come first."""

    room: str
    after: int
    start: int


def replay(wishes: Sequence[Replay], *, limit: int = REPLAY_LIMIT) -> list[list[Logged] | None]:
    """The events of each wish; None where they cannot be given whole: the log no longer reaches back that far,
    `after` lies beyond its end, or there are more than `limit`."""
    found = _ends({wish.room for wish in wishes})
    possible = {wish for wish in wishes if _is_possible(wish, found.get(wish.room, NOWHERE), limit)}
    same_room: dict[str, list[Replay]] = {}
    for wish in possible:
        same_room.setdefault(wish.room, []).append(wish)
    logs = {room: _read_for(same, found.get(room, NOWHERE), limit) for room, same in same_room.items()}
    return [_part_of(logs[wish.room], wish, limit) if wish in possible else None for wish in wishes]


def _is_possible(wish: Replay, end: End, limit: int) -> bool:
    return end.floor <= wish.after <= end.seq and end.seq - wish.after <= limit


def _read_for(wishes: Sequence[Replay], end: End, limit: int) -> list[Logged]:
    """What all of these wishes about one room need, read once: of a crowd that returns many want the same."""
    start = min(wish.start for wish in wishes)
    if start == end.seq:
        return []
    return read(wishes[0].room, after=start, limit=max(wish.after for wish in wishes) - start + limit + 1)


def _part_of(events: list[Logged], wish: Replay, limit: int) -> list[Logged] | None:
    part = [event for event in events if event.seq > wish.start]
    return part if len(part) <= wish.after - wish.start + limit else None


def erase(subject: uuid.UUID, rewrite: Callable[[str, dict[str, Any]], dict[str, Any]]) -> None:
    """Take something out of the log: `rewrite(event, payload)` gives what stays of each event about `subject`.

    The events keep their places.
    """
    for row in RoomEvent.objects.filter(subject=subject):
        data = to_json(rewrite(row.event, from_json(row.data)))
        RoomEvent.objects.filter(room_id=row.room_id, seq=row.seq).update(data=data)


@transaction.atomic
def _trim_room(room_id: int, before: datetime) -> int:
    room = Room.objects.select_for_update().get(pk=room_id)
    old = RoomEvent.objects.filter(room_id=room_id, created_at__lt=before)
    floor = old.aggregate(floor=Max("seq"))["floor"]
    if floor is None:
        return 0
    room.floor = floor
    room.save(update_fields=["floor"])
    return RoomEvent.objects.filter(room_id=room_id, seq__lte=floor).delete()[0]


def trim(before: datetime) -> int:
    """Drop the events logged before a moment, room by room; answers how many. Clients that return from further
    back are told `reset`."""
    stale = RoomEvent.objects.filter(created_at__lt=before).values_list("room_id", flat=True).distinct()
    return sum(_trim_room(room_id, before) for room_id in list(stale))
