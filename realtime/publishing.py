"""The one way to send: `publish` for what must arrive, `publish_ephemeral` for what may be missed.

Both belong to the transaction that caused them. A unit of work collects what is published inside of it, numbers
it under the rooms' locks, writes it to the log and asks for its delivery on commit; a rollback leaves nothing.

Lock order, for every transaction: the product's own rows first, then rooms by name. A room that needs its number
early is locked early with `reserve`, `lock_rooms` or `ask_rooms`; all others are locked together at the end.
"""

import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from django.db import connection, transaction

from foundation import clock
from foundation.database.bulk import insert_with_text
from foundation.database.pipeline import pipelined, pipelined_transaction
from foundation.json import to_json
from foundation.schemas import Shape
from realtime import event_log
from realtime.bus import Hint, bus
from realtime.models import RoomEvent
from realtime.registry import Event


@dataclass(slots=True)
class _Pending:
    room: str
    event: str
    data: str
    subject: uuid.UUID | None
    seq: int | None


@dataclass
class _Unit:
    pending: list[_Pending] = field(default_factory=list)
    ephemeral: list[Hint] = field(default_factory=list)
    rooms: dict[str, event_log.Locked] = field(default_factory=dict)
    asked: Iterable[tuple[str, int, int]] = ()
    """Rooms that are being locked."""
    reserved: set[tuple[str, int]] = field(default_factory=set)
    at_end: dict[Callable[[list[Any]], None], list[Any]] = field(default_factory=dict)

    def finish(self) -> None:
        """Do what was put off to the end, each kind of work once for all that asked for it."""
        while self.at_end:
            work, items = next(iter(self.at_end.items()))
            del self.at_end[work]
            work(items)

    def lock(self, names: Iterable[str]) -> bool:
        """Lock rooms and number what is waiting for them, in the order in which it was published. Answers whether any
        of them was not locked before, or being locked."""
        asked, self.asked = self.asked, ()
        self.rooms |= event_log.read_locked(asked)
        others = [name for name in names if name not in self.rooms]
        self.rooms |= event_log.lock(others)
        for item in self.pending:
            if item.seq is None and item.room in self.rooms:
                item.seq = self.next_seq(item.room)
        return bool(others)

    def next_seq(self, name: str) -> int:
        room = self.rooms[name]
        room.last_seq += 1
        return room.last_seq

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """What a failed part of the unit published is taken back, numbers included."""
        self.lock(())
        numbers = [item.seq for item in self.pending]
        ephemeral, reserved = len(self.ephemeral), set(self.reserved)
        at_end = {work: list(items) for work, items in self.at_end.items()}
        ends = {name: room.last_seq for name, room in self.rooms.items()}
        try:
            with transaction.atomic(), pipelined():
                yield
        except BaseException:
            del self.pending[len(numbers) :], self.ephemeral[ephemeral:]
            for item, seq in zip(self.pending, numbers, strict=True):
                item.seq = seq
            self.reserved, self.at_end, self.asked = reserved, at_end, ()
            self.rooms = {name: self.rooms[name] for name in ends}
            for name, seq in ends.items():
                self.rooms[name].last_seq = seq
            raise


_seq = attrgetter("seq")

_current: ContextVar[_Unit | None] = ContextVar("unit_of_work", default=None)


@contextmanager
def unit_of_work() -> Iterator[None]:
    """A transaction whose published events are logged together at its end. Nested, it is a savepoint."""
    unit = _current.get()
    if unit is not None:
        with unit.savepoint():
            yield
        return
    unit = _Unit()
    with pipelined_transaction():
        token = _current.set(unit)
        try:
            yield
            unit.finish()
            _write(unit)
        finally:
            # Before the commit: what is published by what runs then belongs to no unit that has been written.
            _current.reset(token)


def in_unit_of_work() -> bool:
    """Whether a transaction of this kind is open here."""
    return _current.get() is not None


def at_end(work: Callable[[list[Any]], None], item: Any) -> None:
    """Have `work` done once at the end of the unit of work, still in its transaction, with all the items that were
    put off for it."""
    unit = _current.get()
    if unit is None:
        with unit_of_work():
            at_end(work, item)
    else:
        unit.at_end.setdefault(work, []).append(item)


def lock_rooms(*names: str) -> bool:
    """Lock several rooms at once, in their order, before numbers are reserved in them. Answers whether any of them had
    to be locked now: it was not asked for, or there was no such room when it was, so that it is made only here."""
    return _required_unit().lock(names)


def ask_rooms(names: Iterable[str]) -> None:
    """Have those of the rooms that there are locked with the statements that wait: `lock_rooms` reads the answer."""
    unit = _required_unit()
    if unit.asked:
        unit.lock(())
    wanted = sorted(set(names) - unit.rooms.keys())
    unit.asked = event_log.ask_lock(wanted) if wanted else ()


def reserve(room: str) -> int:
    """The room's next number, for a row that carries it; `publish(seq=…)` must use it in the same unit of work."""
    unit = _required_unit()
    if room not in unit.rooms:
        lock_rooms(room)
    seq = unit.next_seq(room)
    unit.reserved.add((room, seq))
    return seq


def publish(
    room: str, event: Event, payload: Shape, *, subject: uuid.UUID | None = None, seq: int | None = None
) -> None:
    """Send a logged event to everybody in a room, now or when they come back.

    `subject` is the id of what the event tells of, for erasing it. `seq` is a number got from `reserve`.
    """
    _check(event, payload, logged=True)
    unit = _current.get()
    if unit is None:
        with unit_of_work():
            publish(room, event, payload, subject=subject, seq=seq)
    else:
        if seq is None and room in unit.rooms:
            seq = unit.next_seq(room)
        elif seq is not None:
            unit.reserved.remove((room, seq))
        unit.pending.append(_Pending(room, event.name, to_json(payload), subject, seq))


def publish_ephemeral(room: str, event: Event, payload: Shape, *, skip_user: uuid.UUID | None = None) -> None:
    """Send an event to who is in a room right now; it is neither numbered nor kept.

    `skip_user` is the user whose sockets are left out. Outside of transactions it leaves at once, and asks no database.
    """
    _check(event, payload, logged=False)
    hint = Hint.ephemeral(room, event.name, to_json(payload), skip_user)
    unit = _current.get()
    if unit is not None:
        unit.ephemeral.append(hint)
    elif connection.in_atomic_block:
        transaction.on_commit(lambda: bus.send([hint]), robust=True)
    else:
        bus.send([hint])


def _check(event: Event, payload: Shape, *, logged: bool) -> None:
    if event.logged is not logged or not isinstance(payload, event.payload):
        raise TypeError(f"{event.name} is not sent this way, or not with a {type(payload).__name__}.")


def _required_unit() -> _Unit:
    unit = _current.get()
    if unit is None:
        raise RuntimeError("Numbers are reserved inside a unit of work.")
    return unit


def _write(unit: _Unit) -> None:
    if unit.reserved:
        raise RuntimeError(f"Numbers were reserved and not used: {sorted(unit.reserved)}")
    unit.lock({item.room for item in unit.pending})
    hints: dict[str, list[event_log.Logged]] = defaultdict(list)
    rows, texts, now = [], [], clock.now()
    for item in unit.pending:
        seq = item.seq
        assert seq is not None  # it has one since its room is locked
        data = f'{{"seq":{seq},{item.data[1:]}'
        rows.append(
            {
                "room_id": unit.rooms[item.room].key,
                "seq": seq,
                "event": item.event,
                "subject": item.subject,
                "created_at": now,
            }
        )
        texts.append(data)
        hints[item.room].append(event_log.Logged(seq, item.event, data))
    if rows:
        insert_with_text(RoomEvent, rows, data=texts)
        event_log.store_ends(unit.rooms[name] for name in sorted(hints))
    at = time.time()
    sent = [Hint.logged(name, sorted(events, key=_seq), at) for name, events in hints.items()]
    sent += unit.ephemeral
    if sent:
        transaction.on_commit(lambda: bus.send(sent), robust=True)
