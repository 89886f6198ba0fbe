"""The starts and ends of connections are stored in order, in batches, and none is lost."""

import asyncio
import threading
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError

from foundation import clock
from foundation.ids import random_id
from foundation.rate_limits import LocalBucket
from realtime import Caller, connections
from realtime.background_tasks import BackgroundTasks
from realtime.connections import Connection, Connections
from realtime.membership import LocalSocket
from realtime.recovery import SessionRecord
from tests.harness.waiting import eventually

MANY = 2000


class Announcer:
    """Records the announcements."""

    def __init__(self) -> None:
        self.online: list[set[uuid.UUID]] = []
        self.offline: list[dict[uuid.UUID, Any]] = []
        self.came_online, self.left = self.online.append, self.offline.append


class Store:
    """Replaces `connections.store`: records what is stored, by pid, and fails while the database is unavailable."""

    def __init__(self) -> None:
        self.stored: list[tuple[str, str]] = []
        self.batches, self.is_away = 0, False
        self.may_end = threading.Event()
        self.may_end.set()
        self._busy = threading.Lock()

    def __call__(self, process_id: uuid.UUID, started: list[SessionRecord], ended: dict[str, uuid.UUID]) -> Any:
        assert self._busy.acquire(blocking=False), "two batches ran at the same time"
        try:
            self.batches += 1
            is_away = self.is_away
            self.may_end.wait(10)
            if is_away:
                raise OperationalError
            self.stored += [("started", one.pid) for one in started] + [("ended", pid) for pid in ended]
            return {one.user_id for one in started}, dict.fromkeys(ended.values(), clock.now())
        finally:
            self._busy.release()


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    store = Store()
    monkeypatch.setattr(connections, "store", store)
    monkeypatch.setattr(connections, "WRITE_EVERY", 0.01)
    return store


@pytest.fixture
def announcer() -> Announcer:
    return Announcer()


@pytest.fixture
async def held(store: Store, announcer: Announcer) -> AsyncIterator[Connections]:
    tasks = BackgroundTasks()
    yield Connections(announcer, tasks.spawn)
    store.may_end.set()
    await tasks.cancel()


def connect(held: Connections, pid: str = "", user_id: uuid.UUID | None = None) -> Connection:
    sid, user_id = random_id(), user_id or uuid.uuid4()
    session = SessionRecord(pid or random_id(), user_id, held.process_id, 0, is_new=not pid)
    caller = Caller(sid, user_id, None, uuid.uuid4())
    expires_at = clock.now() + timedelta(hours=1)
    connection = Connection(LocalSocket(sid, sid, user_id), caller, session, expires_at, LocalBucket(1, 1))
    held.add(connection)
    return connection


def leave(held: Connections, connection: Connection) -> str:
    held.remove(connection.socket.sid)
    return connection.session.pid


async def test_simultaneous_departures_are_stored_in_few_batches(held, store, announcer):
    crowd = [connect(held) for _ in range(MANY)]
    await held.wait_until_stored(10)
    before = store.batches
    pids = {leave(held, one) for one in crowd}
    await held.wait_until_stored(10)
    assert {pid for what, pid in store.stored if what == "ended"} == pids
    assert store.batches - before == 1
    assert [len(users) for users in announcer.offline] == [MANY]


async def test_no_task_runs_without_rows_to_store(held, store):
    leave(held, connect(held))
    await held.wait_until_stored(10)
    assert store.batches == 1
    assert len(asyncio.all_tasks()) == 1
    connect(held)
    await held.wait_until_stored(10)
    assert store.batches == 2


async def test_two_sockets_of_a_user_are_stored_in_order(held, store):
    user_id = uuid.uuid4()
    one, other = connect(held, user_id=user_id), connect(held, user_id=user_id)
    await held.wait_until_stored(10)
    store.may_end.clear()
    leave(held, one)
    await eventually(lambda: store.batches == 2)
    again = connect(held, one.session.pid, user_id)  # while the end of the session is being stored
    leave(held, other)
    store.may_end.set()
    await held.wait_until_stored(10)
    assert store.stored[2:] == [
        ("ended", one.session.pid),
        ("started", again.session.pid),
        ("ended", other.session.pid),
    ]


async def test_rows_are_stored_when_the_database_is_back(held, store, announcer):
    store.is_away = True
    gone, here = connect(held), connect(held)
    leave(held, gone)
    await eventually(lambda: store.batches > 2)
    assert store.stored == []
    store.is_away = False
    await held.wait_until_stored(10)
    assert sorted(store.stored) == sorted(
        [("started", gone.session.pid), ("started", here.session.pid), ("ended", gone.session.pid)]
    )
    assert [set(users) for users in announcer.offline] == [{gone.caller.user_id}]


async def test_a_return_cancels_an_end_that_could_not_be_stored(held, store):
    one = connect(held)
    await held.wait_until_stored(10)
    store.is_away = True
    store.may_end.clear()
    pid = leave(held, one)
    await eventually(lambda: store.batches == 2)
    connect(held, pid, one.caller.user_id)
    store.is_away = False
    store.may_end.set()
    await held.wait_until_stored(10)
    assert store.stored == [("started", pid), ("started", pid)]


async def test_waiting_for_an_unresponsive_database_times_out(held, store):
    store.may_end.clear()
    connect(held)
    await asyncio.wait_for(held.wait_until_stored(0.05), 5)
    assert store.stored == []
