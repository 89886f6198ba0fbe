"""Joining rooms, in batches: the check of rights, the replay, and the rows stored for recovery."""

from dataclasses import replace

import pytest

from foundation.errors import NotFound
from foundation.ids import random_id, uuid7
from realtime import event_log, hooks, publish
from realtime.admission import ConnectRequest, admit_to_rooms
from realtime.event_log import ReplayRequest
from realtime.models import JoinedRoom
from realtime.recovery import RoomJoin, SessionRecord
from tests.apps.realtime.samples import NOTE, note

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def open_rooms(monkeypatch):
    """Two rooms that anybody can join; joining any other room is refused."""
    rooms = {"room"}
    installed = replace(hooks.application_hooks(), may_enter=lambda pairs: {one for one in pairs if one[1] in rooms})
    monkeypatch.setattr(hooks._Installed, "application_hooks", installed)
    return rooms


def join(room="room", seq=0, after=None) -> RoomJoin:
    request = None if after is None else ReplayRequest(room, after, after)
    return RoomJoin(SessionRecord(random_id(), uuid7(), uuid7(), 0), room, seq, request)


def stored() -> dict[str, int]:
    return dict(JoinedRoom.objects.values_list("session_id", "seq"))


def test_each_client_receives_missed_events_and_is_stored_at_that_position(open_rooms):
    for text in "abc":
        publish("room", NOTE, note(text))
    new, behind, beyond = join(seq=3), join(seq=3, after=1), join(seq=3, after=9)
    nothing, missed, lost = admit_to_rooms([new, behind, beyond])
    assert (nothing, lost) == (None, None)
    assert [event.seq for event in missed] == [2, 3]
    assert stored() == {new.session.pid: 3, behind.session.pid: 1, beyond.session.pid: 3}


def test_nothing_is_read_or_stored_for_a_forbidden_room(open_rooms, monkeypatch):
    read = []
    monkeypatch.setattr(event_log, "replay", lambda requests: read.extend(requests) or [[] for _ in requests])
    allowed, refused = join(after=0), join("other", after=0)
    results = admit_to_rooms([refused, allowed])
    assert isinstance(results[0], NotFound)
    assert results[1] == []
    assert read == [allowed.replay]
    assert stored() == {allowed.session.pid: 0}
    assert all(isinstance(one, NotFound) for one in admit_to_rooms([refused]))


@pytest.mark.parametrize(
    ("auth", "has_offsets"),
    [
        ({"offsets": False}, False),
        ({"offsets": "false"}, False),
        *(({"offsets": other}, True) for other in (True, None, 0, "", "no", [False])),
        ({}, True),
        (None, True),
        ("text", True),
    ],
)
def test_a_client_can_refuse_offsets(auth, has_offsets):
    assert ConnectRequest(auth, "192.0.2.1").has_offsets is has_offsets
