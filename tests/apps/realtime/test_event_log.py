"""Reading the event log, and what retention deletes from it."""

from datetime import timedelta

import pytest

from foundation import clock
from realtime import LoggedEvent, event_log, event_retention, publish
from tests.apps.realtime.samples import NOTE, note

pytestmark = pytest.mark.django_db


def write(count: int, room: str = "room") -> None:
    for number in range(count):
        publish(room, NOTE, note(str(number)))


def replay(room: str, *, after: int, start: int | None = None, limit: int = event_log.REPLAY_LIMIT):
    return event_log.replay([event_log.ReplayRequest(room, after, after if start is None else start)], limit=limit)[0]


def seqs(events: list[LoggedEvent] | None) -> list[int] | None:
    return None if events is None else [event.seq for event in events]


def test_a_replay_returns_all_later_events():
    write(5)
    assert seqs(replay("room", after=2)) == [3, 4, 5]
    assert seqs(replay("room", after=5)) == []
    assert seqs(replay("nobody was ever here", after=0)) == []


def test_a_replay_is_complete_or_none():
    write(5)
    assert replay("room", after=6) is None
    assert seqs(replay("room", after=2, limit=3)) == [3, 4, 5]
    assert replay("room", after=1, limit=3) is None


def test_each_replay_request_has_its_own_result():
    write(5, "left")
    write(5, "right")
    wishes = [
        *(event_log.ReplayRequest("left", after, after) for after in (1, 4, 5, 6, 3)),
        *(
            event_log.ReplayRequest("left", 5, 2),
            event_log.ReplayRequest("right", 2, 0),
            event_log.ReplayRequest("nowhere", 0, 0),
            event_log.ReplayRequest("nowhere", 1, 1),
        ),
    ]
    found = event_log.replay(wishes, limit=3)
    assert [seqs(events) for events in found] == [None, [5], [], None, [4, 5], [3, 4, 5], [1, 2, 3, 4, 5], [], None]


def test_retention_deletes_old_events_and_replays_report_it():
    with clock.moved(timedelta(days=-40)):
        write(3)
    write(2)
    assert event_retention.trim(clock.now() - timedelta(days=30)) == 3
    assert replay("room", after=2) is None
    assert seqs(replay("room", after=3)) == [4, 5]
    assert event_retention.trim(clock.now() - timedelta(days=30)) == 0
    write(1)
    assert seqs(replay("room", after=3)) == [4, 5, 6]


def test_empty_rooms_have_a_last_seq():
    write(2)
    found = event_log.heads(["room", "silent"])
    assert (found["room"].seq, found["silent"].seq) == (2, 0)
    assert found["room"].key != found["silent"].key
    assert event_log.heads(["silent"]) == {"silent": found["silent"]}
