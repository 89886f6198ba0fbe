"""A returning client recovers only its own recent, complete rooms, and only if it may still enter them."""

import uuid
from dataclasses import replace
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


def test_the_rooms_and_their_positions_are_recovered():
    one = begun(user_seq=4, left=1, right=2)
    own = user_room(one.user_id)
    assert recovery.recover([coming(one, left=7)], everything) == [Recovered(one.pid, {"left": 7, "right": 2, own: 4})]
    assert recovery.recover([coming(one, left=0)], everything)[0].positions["left"] == 1


def test_each_of_many_recoveries_has_its_own_result():
    one, two = begun(left=1), begun(right=2)
    stranger = RecoveryRequest(uuid.uuid4(), one.pid, {})
    unknown = RecoveryRequest(one.user_id, random_id(), {})
    found = recovery.recover([coming(one, left=5), stranger, unknown, coming(two), coming(one, left=3)], everything)
    assert [item and item.positions.get("left") for item in found] == [5, None, None, None, 3]
    assert found[1] is found[2] is None
    assert found[3].positions["right"] == 2


def test_a_session_that_left_its_users_room_stays_out_until_it_joins_again():
    one = begun(user_seq=4, left=1)
    recovery.save_user_seq(replace(one, user_seq=recovery.LEFT))
    recovery.save_sessions([one])
    for offset in ({}, {user_room(one.user_id): 7, "left": 3}):
        assert set(recovery.recover([coming(one, **offset)], everything)[0].positions) == {"left"}
    recovery.save_user_seq(replace(one, user_seq=9))
    assert recovery.recover([coming(one)], everything)[0].positions[user_room(one.user_id)] == 9


def test_a_session_can_leave_before_it_is_stored():
    one = SessionRecord(random_id(), uuid.uuid4(), PROCESS, 4)
    recovery.save_user_seq(replace(one, user_seq=recovery.LEFT))
    recovery.save_sessions([one])
    assert recovery.recover([coming(one)], everything)[0].positions == {}


def test_each_right_is_checked_again():
    one = begun(left=1, right=2)
    found = recovery.recover([coming(one)], lambda pairs: {(user, room) for user, room in pairs if room == "left"})
    assert set(found[0].positions) == {"left", user_room(one.user_id)}


def test_a_left_room_is_not_recovered():
    one = begun(left=1, right=2)
    recovery.delete_join(one.pid, "right")
    assert set(recovery.recover([coming(one)], everything)[0].positions) == {"left", user_room(one.user_id)}


def test_a_connection_expires_after_a_day():
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


def test_a_connection_recovered_by_another_process_has_not_ended():
    one = begun()
    recovery.save_sessions([SessionRecord(one.pid, one.user_id, uuid.uuid4(), 0)])
    recovery.end_sessions(PROCESS, [one.pid])
    assert SocketSession.objects.get(pid=one.pid).ended_at is None


def test_a_join_is_stored_and_a_stored_join_keeps_its_position():
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


def test_connections_are_always_written_in_the_same_order(monkeypatch):
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


def test_impossible_room_names_in_an_offset_are_ignored():
    one, known = begun(left=1), event_log.heads(["left"])["left"].key
    offset = f"9999999999999999999:1.{known}:5.{2**63}:2.{2**63 - 1}:3"
    returning = RecoveryRequest.read({"pid": one.pid, "offset": offset}, one.user_id)
    assert returning.offset == {known: 5, 2**63 - 1: 3}
    assert recovery.recover([returning], everything)[0].positions["left"] == 5


@pytest.mark.parametrize("pid", [None, 7, "", "short", "x" * 33, "ä" * 32, ["a"], {"a": 1}])
def test_an_invalid_pid_is_a_new_client(pid):
    assert RecoveryRequest.read({"pid": pid}, uuid.uuid4()) is None
    assert RecoveryRequest.read(None, uuid.uuid4()) is None


@pytest.mark.parametrize("offset", [None, 5, "", "1", "1:", ":1", "1:2.", "1:2 ", "a:b", "1:-2", "1:2" * 9999, {}])
def test_an_invalid_offset_is_ignored(offset):
    assert recovery.parse_offset(offset) == {}


def test_a_forged_offset_recovers_no_foreign_room():
    publish("secret", NOTE, note("hidden"))
    one = begun()
    found = recovery.recover([coming(one, secret=0)], everything)
    assert set(found[0].positions) == {user_room(one.user_id)}
