"""Announcements of departures and arrivals: each in its own task, one at a time, retried after an error."""

import asyncio
import threading
import uuid
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError

from foundation import clock
from realtime import presence, presence_announcements
from realtime.background_tasks import BackgroundTasks
from realtime.presence_announcements import PresenceAnnouncer
from tests.harness.waiting import eventually

MANY = 200


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "OFFLINE_DELAY", timedelta(seconds=0.05))
    monkeypatch.setattr(presence_announcements, "GRACE", 0.0)
    monkeypatch.setattr(presence_announcements, "RETRY_AFTER", 0.01)


@pytest.fixture
async def tasks() -> AsyncIterator[BackgroundTasks]:
    tasks = BackgroundTasks()
    yield tasks
    await tasks.cancel()


@pytest.fixture
def announcer(tasks: BackgroundTasks) -> PresenceAnnouncer:
    return PresenceAnnouncer(tasks.spawn)


@pytest.fixture
def announced(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """Record announcements as `("online" or "offline", users)`; each takes a moment, like a database query."""
    found: list[tuple[str, Any]] = []
    busy = threading.Lock()

    def note(kind: str) -> Callable[[Any], None]:
        def announce(users: Any) -> None:
            assert busy.acquire(blocking=False), "two announcements ran at the same time"
            try:
                threading.Event().wait(0.001)
                found.append((kind, set(users)))
            finally:
                busy.release()

        return announce

    monkeypatch.setattr(presence_announcements, "announce_online", note("online"))
    monkeypatch.setattr(presence_announcements, "announce_offline", note("offline"))
    return found


async def test_announcements_are_made_one_at_a_time_in_order(announcer, announced):
    users = [uuid.uuid4() for _ in range(MANY)]
    for user in users:
        announcer.left({user: clock.now()})
    await asyncio.sleep(0)
    assert announced == [], "the delay has not passed"
    await eventually(lambda: len(announced) == MANY)
    assert announced == [("offline", {user}) for user in users]


async def test_arrivals_are_announced_at_once_and_before_departures(announcer, announced):
    one, other = uuid.uuid4(), uuid.uuid4()
    announcer.left({one: clock.now()})
    announcer.came_online({other})
    await eventually(lambda: len(announced) == 2)
    assert announced == [("online", {other}), ("offline", {one})]


async def test_failed_announcements_are_made_when_the_database_is_back(announcer, announced, monkeypatch):
    is_away, refused = True, []
    announce = presence_announcements.announce_offline

    def announce_if_there(left: Any) -> None:
        if is_away:
            refused.append(left)
            raise OperationalError
        announce(left)

    monkeypatch.setattr(presence_announcements, "announce_offline", announce_if_there)
    one, other = uuid.uuid4(), uuid.uuid4()
    announcer.left({one: clock.now()})
    await eventually(lambda: len(refused) > 2)
    announcer.came_online({other})
    await eventually(lambda: announced == [("online", {other})])  # it does not wait for the failed announcement
    is_away = False
    await eventually(lambda: announced == [("online", {other}), ("offline", {one})])


@pytest.mark.parametrize(("fault", "attempts"), [(OperationalError, 3), (ValueError, 1)])
async def test_a_failing_announcement_is_given_up(announcer, announced, monkeypatch, fault, attempts):
    tried = []

    def fail(users: Any) -> None:
        tried.append(users)
        raise fault

    monkeypatch.setattr(presence_announcements, "MAX_ATTEMPTS", 3)
    monkeypatch.setattr(presence_announcements, "announce_online", fail)
    announcer.came_online({uuid.uuid4()})
    await eventually(lambda: len(tried) == attempts)
    announcer.left({uuid.uuid4(): clock.now()})
    await eventually(lambda: len(announced) == 1)
    assert len(tried) == attempts
