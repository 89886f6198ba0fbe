"""Departures of a user whose sockets end in several processes."""

import json
import uuid
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from foundation.ids import random_id
from realtime import connections, presence, presence_announcements, processes, recovery
from realtime.models import DEAD_AFTER, LastSeen, ServerProcess, SocketSession
from realtime.pubsub import Hint
from realtime.recovery import RoomJoin, SessionRecord

pytestmark = pytest.mark.django_db

USER = uuid.uuid4()
LONG_AGO = presence.OFFLINE_DELAY + timedelta(seconds=1)


def begun(process_id: uuid.UUID) -> SessionRecord:
    processes.beat(process_id)
    one = SessionRecord(random_id(), USER, process_id, 0)
    recovery.save_sessions([one])
    return one


def ended(one: SessionRecord, at: datetime | None = None) -> dict[uuid.UUID, datetime]:
    recovery.end_sessions(one.process_id, [one.pid])
    return presence.store_last_seen([USER], at)


def time_passes() -> None:
    """Move the ends of sockets into the past, by more than the time that reloading a page takes."""
    SocketSession.objects.filter(ended_at__isnull=False).update(ended_at=timezone.now() - LONG_AGO)


def beginning(process_id: uuid.UUID, pid: str = "", *, is_new: bool = True) -> SessionRecord:
    processes.beat(process_id)
    return SessionRecord(pid or random_id(), USER, process_id, 0, is_new=is_new)


def arrived(*beginnings: SessionRecord) -> set[uuid.UUID]:
    return connections.store(beginnings[0].process_id, list(beginnings), {})[0]


def test_the_first_of_several_connections_is_announced() -> None:
    here, there = uuid.uuid4(), uuid.uuid4()
    assert arrived(beginning(here), beginning(here)) == {USER}
    assert arrived(beginning(there)) == set()
    assert arrived(beginning(here)) == set()


def test_joining_a_room_at_once_still_counts_as_an_arrival() -> None:
    one, two = beginning(uuid.uuid4()), beginning(uuid.uuid4())
    recovery.save_joins([RoomJoin(one, "room_1", 0), RoomJoin(two, "room_1", 0)])
    told = [arrived(one), arrived(two)]
    assert sorted(map(len, told)) == [0, 1]


def test_reloading_a_page_is_not_an_arrival() -> None:
    ended(begun(uuid.uuid4()))
    assert arrived(beginning(uuid.uuid4())) == set()


@pytest.mark.parametrize("process", ["the same", "another"])
def test_a_return_after_a_departure_is_an_arrival(process: str) -> None:
    here = uuid.uuid4()
    one = begun(here)
    back = beginning(here if process == "the same" else uuid.uuid4(), one.pid, is_new=False)
    ended(one)
    assert arrived(back) == set()
    ended(back)
    time_passes()
    assert arrived(back) == {USER}


def test_only_the_end_of_the_last_connection_is_a_departure() -> None:
    one, two = begun(uuid.uuid4()), begun(uuid.uuid4())
    first = ended(one, timezone.now() - timedelta(milliseconds=1))
    last = ended(two)
    time_passes()
    assert presence.went_offline(first) == set()
    assert presence.went_offline(last) == {USER}


def test_a_returned_user_has_not_departed() -> None:
    left = ended(begun(uuid.uuid4()))
    time_passes()
    begun(uuid.uuid4())
    assert presence.went_offline(left) == set()


def test_a_departure_counts_after_five_seconds() -> None:
    assert presence.went_offline(ended(begun(uuid.uuid4()))) == set()


def test_a_return_during_the_announcement_of_a_departure_is_announced_last(
    monkeypatch: pytest.MonkeyPatch, sent_hints: list[Hint], django_capture_on_commit_callbacks: Any
) -> None:
    left = ended(begun(uuid.uuid4()))
    time_passes()
    monkeypatch.setattr(
        presence_announcements,
        "application_hooks",
        lambda: SimpleNamespace(presence_rooms=lambda users: [(one, "room_1") for one in users]),
    )
    went_offline = presence.went_offline

    def and_back(left: dict[uuid.UUID, datetime]) -> set[uuid.UUID]:
        gone = went_offline(left)
        begun(uuid.uuid4())
        return gone

    monkeypatch.setattr(presence, "went_offline", and_back)
    with django_capture_on_commit_callbacks(execute=True):
        presence_announcements.announce_offline(left)
    told = [json.loads(hint.message["data"]) for hint in sent_hints]
    assert [(one["user_id"], one["online"]) for one in told] == [(str(USER), False), (str(USER), True)]


def test_a_user_who_left_again_is_not_announced_as_online(sent_hints: list[Hint]) -> None:
    one = begun(uuid.uuid4())
    ended(one)
    time_passes()
    presence_announcements.announce_online([USER])
    assert sent_hints == []


def test_departures_shortly_before_a_stop_are_announced_by_other_processes() -> None:
    process_id, other = uuid.uuid4(), uuid.uuid4()
    left = ended(begun(process_id))
    begun(other)
    processes.retire(process_id)
    assert processes.reap_dead() == left
    assert processes.reap_dead() == {}
    assert set(ServerProcess.objects.values_list("pk", flat=True)) == {other}


def test_open_connections_end_when_their_process_stops() -> None:
    one = begun(uuid.uuid4())
    before = timezone.now()
    processes.retire(one.process_id)
    assert presence.online_users([USER]) == {USER}, "the user stays online for five more seconds"
    assert before - timedelta(seconds=1) < processes.reap_dead()[USER] < timezone.now() + timedelta(seconds=1)
    assert SocketSession.objects.get(pk=one.pid).ended_at is not None


@pytest.mark.parametrize(("before", "is_left_over"), [(timedelta(seconds=1), True), (timedelta(minutes=2), False)])
def test_departures_shortly_before_a_kill_are_announced(before: timedelta, is_left_over: bool) -> None:
    one = begun(uuid.uuid4())
    died = timezone.now() - DEAD_AFTER - timedelta(seconds=1)
    left = ended(one, died - before)
    SocketSession.objects.update(ended_at=died - before)
    ServerProcess.objects.filter(pk=one.process_id).update(heartbeat_at=died)
    assert processes.reap_dead() == (left if is_left_over else {})


def test_sockets_of_a_dead_process_end_at_its_last_heartbeat() -> None:
    one = begun(uuid.uuid4())
    died = timezone.now() - DEAD_AFTER - timedelta(seconds=1)
    ServerProcess.objects.filter(pk=one.process_id).update(heartbeat_at=died)
    left = processes.reap_dead()
    assert left == {USER: died}
    assert presence.went_offline(left) == {USER}
    assert LastSeen.objects.get(pk=USER).at == died
    assert processes.reap_dead() == {}
