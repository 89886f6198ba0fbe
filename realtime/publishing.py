"""Sending events: `publish` for events that must arrive, `publish_ephemeral` for events that clients can miss.

Both are part of the surrounding transaction. A unit of work collects the published events, numbers them while it holds
the rooms' locks, writes them to the log, and sends hints over the bus on commit. After a rollback, no event exists.

Every transaction takes its locks in this order: first the application's own rows, then rooms by name. If a number is
needed early, its room is locked with `reserve_seq`, `lock_rooms` or `queue_room_locks`. All other rooms are locked
together at the end.
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
from foundation.schemas import Schema
from realtime import event_log
from realtime.declarations import Event
from realtime.models import RoomEvent
from realtime.pubsub import Hint, bus


@dataclass(slots=True)
class _PendingEvent:
    room: str
    event: str
    data: str
    subject: uuid.UUID | None
    seq: int | None


@dataclass
class _UnitOfWork:
    pending: list[_PendingEvent] = field(default_factory=list)
    ephemeral: list[Hint] = field(default_factory=list)
    rooms: dict[str, event_log.LockedRoom] = field(default_factory=dict)
    queued_locks: Iterable[tuple[str, int, int]] = ()
    """The rows of the rooms whose locks are queued."""
    reserved_seqs: set[tuple[str, int]] = field(default_factory=set)
    before_commit: dict[Callable[[list[Any]], None], list[Any]] = field(default_factory=dict)

    def run_before_commit(self) -> None:
        """Call each function that was registered with `before_commit` once, with all its items."""
        while self.before_commit:
            work, items = next(iter(self.before_commit.items()))
            del self.before_commit[work]
            work(items)

    def lock(self, names: Iterable[str]) -> bool:
        """Lock rooms and number their pending events, in the order of publication. Return True if the lock of at least
        one room was not held and not queued."""
        queued_locks, self.queued_locks = self.queued_locks, ()
        self.rooms |= event_log.locked_rooms(queued_locks)
        others = [name for name in names if name not in self.rooms]
        if others:
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
        """Open a savepoint. If the block fails, its published events and their numbers are undone."""
        self.lock(())
        numbers = [item.seq for item in self.pending]
        ephemeral, reserved_seqs = len(self.ephemeral), set(self.reserved_seqs)
        before_commit = {work: list(items) for work, items in self.before_commit.items()}
        ends = {name: room.last_seq for name, room in self.rooms.items()}
        try:
            with transaction.atomic(), pipelined():
                yield
        except BaseException:
            del self.pending[len(numbers) :], self.ephemeral[ephemeral:]
            for item, seq in zip(self.pending, numbers, strict=True):
                item.seq = seq
            self.reserved_seqs, self.before_commit, self.queued_locks = reserved_seqs, before_commit, ()
            self.rooms = {name: self.rooms[name] for name in ends}
            for name, seq in ends.items():
                self.rooms[name].last_seq = seq
            raise


_seq = attrgetter("seq")

_current: ContextVar[_UnitOfWork | None] = ContextVar("unit_of_work", default=None)


@contextmanager
def unit_of_work() -> Iterator[None]:
    """Open a transaction that writes its published events to the log at its end. If nested, open a savepoint."""
    unit = _current.get()
    if unit is not None:
        with unit.savepoint():
            yield
        return
    unit = _UnitOfWork()
    with pipelined_transaction():
        token = _current.set(unit)
        try:
            yield
            unit.run_before_commit()
            _write(unit)
        finally:
            # Reset before the commit, because events published by `on_commit` functions must not join a written unit.
            _current.reset(token)


def before_commit(work: Callable[[list[Any]], None], item: Any) -> None:
    """Call `work(items)` once at the end of the unit of work, within its transaction, with the items of all calls."""
    unit = _current.get()
    if unit is None:
        with unit_of_work():
            before_commit(work, item)
    else:
        unit.before_commit.setdefault(work, []).append(item)


def lock_rooms(*names: str) -> bool:
    """Lock several rooms in the lock order, before numbers are reserved in them. Missing rooms are created.

    Returns True if a room had to be locked now, because its lock was not queued or the room did not exist. Raises
    `RuntimeError` outside of a unit of work.
    """
    return _required_unit().lock(names)


def queue_room_locks(names: Iterable[str]) -> None:
    """Queue the locks of the existing rooms. They are sent with the pipeline, and `lock_rooms` reads the result.

    Raises `RuntimeError` outside of a unit of work.
    """
    unit = _required_unit()
    if unit.queued_locks:
        unit.lock(())
    wanted = sorted(set(names) - unit.rooms.keys())
    unit.queued_locks = event_log.queue_locks(wanted) if wanted else ()


def reserve_seq(room: str) -> int:
    """Return the room's next `seq`, for a row that stores it. `publish(seq=…)` must use it in the same unit of work.

    Raises `RuntimeError` outside of a unit of work.
    """
    unit = _required_unit()
    if room not in unit.rooms:
        lock_rooms(room)
    seq = unit.next_seq(room)
    unit.reserved_seqs.add((room, seq))
    return seq


def publish(
    room: str, event: Event, payload: Schema, *, subject: uuid.UUID | None = None, seq: int | None = None
) -> None:
    """Send a logged event to all members of a room. Members who are offline receive it when they return.

    `subject` is the id of the object that the event describes, for `rewrite_events`. `seq` is a number from
    `reserve_seq`; by default the event gets the next number. Raises `TypeError` if the event is not a logged event or
    `payload` has another type than declared.
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
            unit.reserved_seqs.remove((room, seq))
        unit.pending.append(_PendingEvent(room, event.name, to_json(payload), subject, seq))


def publish_ephemeral(room: str, event: Event, payload: Schema, *, skip_user: uuid.UUID | None = None) -> None:
    """Send an ephemeral event to the current members of a room. The event is not numbered and not stored.

    The sockets of `skip_user` do not receive it. Within a transaction, the event is sent on commit. Otherwise it is
    sent at once, without a query. Raises `TypeError` if the event is a logged event or `payload` has another type than
    declared.
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


def _check(event: Event, payload: Schema, *, logged: bool) -> None:
    if event.logged is not logged or not isinstance(payload, event.payload):
        raise TypeError(f"{event.name} cannot be sent with this function or with a {type(payload).__name__}.")


def _required_unit() -> _UnitOfWork:
    unit = _current.get()
    if unit is None:
        raise RuntimeError("Rooms can only be locked inside a unit of work.")
    return unit


def _write(unit: _UnitOfWork) -> None:
    if unit.reserved_seqs:
        raise RuntimeError(f"Numbers were reserved and not used: {sorted(unit.reserved_seqs)}")
    unit.lock({item.room for item in unit.pending})
    hints: dict[str, list[event_log.LoggedEvent]] = defaultdict(list)
    rows, texts, now = [], [], clock.now()
    for item in unit.pending:
        seq = item.seq
        assert seq is not None  # every event of a locked room has a number
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
        hints[item.room].append(event_log.LoggedEvent(seq, item.event, data))
    if rows:
        insert_with_text(RoomEvent, rows, data=texts)
        event_log.store_heads(unit.rooms[name] for name in sorted(hints))
    at = time.time()
    sent = [Hint.logged(name, sorted(events, key=_seq), at) for name, events in hints.items()]
    sent += unit.ephemeral
    if sent:
        transaction.on_commit(lambda: bus.send(sent), robust=True)
