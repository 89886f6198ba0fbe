"""What a returning client recovers: only its own recent, complete rooms to which it still has the right."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from foundation import clock
from foundation.database import bulk
from foundation.ids import random_id
from realtime import event_log, publish, recovery, user_room
from realtime.models import JoinedRoom, SocketSession
from realtime.recovery import Recovered, RecoveryRequest, RoomJoin, SessionRecord
from tests.apps.realtime.samples import NOTE, note

pytestmark = pytest.mark.django_db

PROCESS = uuid.uuid4()


def everything(pairs) -> set:
    return set(pairs)


def begun(user_seq: int = 0, **joined: int) -> SessionRecord:
    one = SessionRecord(random_id(), uuid.uuid4(), PROCESS, user_seq)
    recovery.save_sessions([one])
    recovery.save_joins(RoomJoin(one, room, seq) for room, seq in joined.items())
    return one


def coming(one: SessionRecord, **offset: int) -> RecoveryRequest:
    heads = event_log.heads(offset)
    return RecoveryRequest(one.user_id, one.pid, {heads[room].key: seq for room, seq in offset.items()})


def test_the_rooms_and_how_far_each_was_read():
    one = begun(user_seq=4, left=1, right=2)
    own = user_room(one.user_id)
    assert recovery.recover([coming(one, left=7)], everything) == [Recovered(one.pid, {"left": 7, "right": 2, own: 4})]
    assert recovery.recover([coming(one, left=0)], everything)[0].positions["left"] == 1


def test_many_at_once_are_each_answered_for_themselves():
    one, two = begun(left=1), begun(right=2)
    stranger = RecoveryRequest(uuid.uuid4(), one.pid, {})
    unknown = RecoveryRequest(one.user_id, random_id(), {})
    found = recovery.recover([coming(one, left=5), stranger, unknown, coming(two), coming(one, left=3)], everything)
    assert [item and item.positions.get("left") for item in found] == [5, None, None, None, 3]
    assert found[1] is found[2] is None
    assert found[3].positions["right"] == 2


def test_each_right_is_checked_afresh():
    one = begun(left=1, right=2)
    found = recovery.recover([coming(one)], lambda pairs: {(user, room) for user, room in pairs if room == "left"})
    assert set(found[0].positions) == {"left", user_room(one.user_id)}


def test_a_room_that_was_left_is_not_come_back_to():
    one = begun(left=1, right=2)
    recovery.delete_join(one.pid, "right")
    assert set(recovery.recover([coming(one)], everything)[0].positions) == {"left", user_room(one.user_id)}


def test_after_a_day_a_connection_is_forgotten():
    one, held = begun(left=1), begun(left=1)
    recovery.end_sessions(PROCESS, [one.pid])
    with clock.moved(timedelta(hours=23)):
        assert recovery.recover([coming(one)], everything) != [None]
        assert recovery.delete_expired() == 0
    with clock.moved(timedelta(hours=26)):
        assert recovery.recover([coming(one)], everything) == [None]
        recovery.delete_expired()
    assert list(SocketSession.objects.values_list("pid", flat=True)) == [held.pid]
    assert list(JoinedRoom.objects.values_list("session_id", flat=True)) == [held.pid]


def test_a_connection_that_another_process_has_taken_up_has_not_ended():
    one = begun()
    recovery.save_sessions([SessionRecord(one.pid, one.user_id, uuid.uuid4(), 0)])
    recovery.end_sessions(PROCESS, [one.pid])
    assert SocketSession.objects.get(pid=one.pid).ended_at is None


def test_who_enters_a_room_is_stored_with_it_and_a_stored_one_stays_where_it_is():
    old, new = begun(), SessionRecord(random_id(), uuid.uuid4(), PROCESS, 5)
    elsewhere = uuid.uuid4()
    recovery.save_sessions([SessionRecord(old.pid, old.user_id, elsewhere, 0, is_new=False)])
    recovery.save_joins(
        [RoomJoin(new, "left", 3), RoomJoin(old, "left", 4), RoomJoin(new, "left", 6), RoomJoin(new, "right", 1)]
    )
    stored = dict(SocketSession.objects.values_list("pid", "process_id"))
    assert stored == {old.pid: elsewhere, new.pid: PROCESS}
    joined = set(JoinedRoom.objects.values_list("session_id", "room_name", "seq"))
    assert joined == {(old.pid, "left", 4), (new.pid, "left", 6), (new.pid, "right", 1)}


def test_connections_are_written_in_one_order_by_everybody(monkeypatch):
    many = [SessionRecord(random_id(), uuid.uuid4(), PROCESS, 0) for _ in range(20)]
    pids = sorted(one.pid for one in many)
    written = []

    def upsert_many(model, rows, **how):
        written.extend(row["pid"] for row in rows)
        bulk.upsert_many(model, rows, **how)

    monkeypatch.setattr(recovery, "upsert_many", upsert_many)
    recovery.save_sessions(many)
    assert written == pids
    with CaptureQueriesContext(connection) as ended:
        recovery.end_sessions(PROCESS, reversed(pids))
    locked = next(query["sql"] for query in ended.captured_queries if query["sql"].startswith("SELECT"))
    assert 'SELECT "realtime_socketsession"."pid"' in locked
    assert "ORDER BY 1 ASC" in locked
    assert ("FOR NO KEY UPDATE" in locked) == connection.features.has_select_for_update
    assert set(SocketSession.objects.filter(ended_at=None)) == set()


def test_an_offset_with_keys_that_no_room_can_have_is_read_without_them():
    one, known = begun(left=1), event_log.heads(["left"])["left"].key
    offset = f"9999999999999999999:1.{known}:5.{2**63}:2.{2**63 - 1}:3"
    returning = RecoveryRequest.read({"pid": one.pid, "offset": offset}, one.user_id)
    assert returning.offset == {known: 5, 2**63 - 1: 3}
    assert recovery.recover([returning], everything)[0].positions["left"] == 5


@pytest.mark.parametrize("pid", [None, 7, "", "short", "x" * 33, "ä" * 32, ["a"], {"a": 1}])
def test_what_is_no_pid_is_a_new_client(pid):
    assert RecoveryRequest.read({"pid": pid}, uuid.uuid4()) is None
    assert RecoveryRequest.read(None, uuid.uuid4()) is None


@pytest.mark.parametrize("offset", [None, 5, "", "1", "1:", ":1", "1:2.", "1:2 ", "a:b", "1:-2", "1:2" * 9999, {}])
def test_what_is_no_offset_says_nothing(offset):
    assert recovery.parse_offset(offset) == {}


def test_an_offset_that_was_made_up_gives_nothing_that_is_not_ones_own():
    publish("secret", NOTE, note("hidden"))
    one = begun()
    found = recovery.recover([coming(one, secret=0)], everything)
    assert set(found[0].positions) == {user_room(one.user_id)}
