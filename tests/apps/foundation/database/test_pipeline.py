"""Pipelines keep the order with Django's own statements, fail like single statements, and keep the session in sync."""

import gc
import weakref

import pytest
from django.db import IntegrityError, OperationalError, ProgrammingError, connection, transaction
from psycopg.pq import TransactionStatus

from accounts.models import LoginSession
from accounts.services import Identity, authenticate_tokens
from conversations import participant_cache
from foundation import clock
from foundation.database import pipeline
from foundation.database.bulk import insert_instances
from foundation.database.pipeline import Pipeline, execute, pipelined
from foundation.ids import random_id, uuid7
from messaging.conversation_selectors import render_conversations
from messaging.opening import open_direct
from messaging.requests import SendMessageRequest
from messaging.sending import send_message
from realtime import recovery, unit_of_work
from realtime.models import Room
from realtime.recovery import RecoveryRequest, RoomJoin, SessionRecord
from tests.factories import login, make_user

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("on_postgresql")]

INSERT = 'INSERT INTO "realtime_room" ("name", "last_seq", "floor") VALUES ($1, $2::bigint, 0)'
COUNT = 'SELECT count(*) FROM "realtime_room" WHERE "name" = $1'


@pytest.fixture
def round_trips(monkeypatch) -> list[int]:
    """The number of statements in each round trip."""
    seen, flush = [], Pipeline.flush

    def counted(self, *, commit=False):
        if self.queued or commit:
            seen.append(len(self.queued))
        flush(self, commit=commit)

    monkeypatch.setattr(Pipeline, "flush", counted)
    return seen


def names() -> list[str]:
    return list(Room.objects.order_by("name").values_list("name", flat=True))


def test_queued_statements_run_before_djangos_own():
    with transaction.atomic(), pipelined():
        execute(INSERT, [b"a", b"1"])
        assert names() == ["a"]
        execute(INSERT, [b"b", b"1"])
        Room.objects.create(name="c")
        execute(INSERT, [b"d", b"1"])
    assert list(Room.objects.order_by("pk").values_list("name", flat=True)) == ["a", "b", "c", "d"]


def test_reading_a_result_sends_all_queued_statements(round_trips):
    with transaction.atomic(), pipelined():
        execute(INSERT, [b"a", b"1"])
        counted = execute(COUNT, [b"a"])
        other = execute(COUNT, [b"b"])
        assert not round_trips
        assert [list(counted), list(other)] == [[(1,)], [(0,)]]
    assert round_trips == [3]


def test_the_first_error_is_raised_and_everything_is_rolled_back():
    with pytest.raises(IntegrityError), transaction.atomic(), pipelined():
        execute(INSERT, [b"a", b"1"])
        execute(INSERT, [b"a", b"1"])
        execute('SELECT * FROM "there_is_no_such_table"', [])
    assert names() == []


def test_a_statement_that_could_not_be_prepared_is_prepared_later():
    statement = 'SELECT "name" FROM "realtime_room" WHERE "name" = $1 -- prepared after a failure'
    for _ in range(2):
        with pytest.raises(IntegrityError), transaction.atomic(), pipelined():
            execute(INSERT, [b"a", b"1"])
            execute(INSERT, [b"a", b"1"])
            execute(statement, [b"a"])
    Room.objects.create(name="a")
    assert [list(execute(statement, [b"a"])) for _ in range(3)] == [[("a",)]] * 3


def test_an_invalid_statement_is_not_kept_as_prepared():
    for _ in range(2):
        with pytest.raises(ProgrammingError):
            execute('SELECT * FROM "there_is_no_such_table"', [])


def test_a_closed_connection_is_not_kept():
    """No other test uses this connection, because other tests' cursors can keep their connections."""
    own = connection.Database.connect(**connection.get_connection_params())
    known = len(pipeline._states)
    with own.cursor() as cursor:
        pipeline._state_of(own).rows_of(cursor.execute("SELECT 1").pgresult)
    assert len(pipeline._states) == known + 1
    ended = weakref.ref(own)
    own.close()
    del own, cursor
    gc.collect()
    assert ended() is None, gc.get_referrers(ended())
    assert len(pipeline._states) == known


def test_a_savepoint_that_raises_is_not_sent():
    with transaction.atomic(), pipelined():
        execute(INSERT, [b"a", b"1"])
        with pytest.raises(ZeroDivisionError), transaction.atomic(), pipelined():
            execute(INSERT, [b"b", b"1"])
            raise ZeroDivisionError
    assert names() == ["a"]


def test_a_savepoint_that_fails_keeps_the_rest():
    with unit_of_work():
        execute(INSERT, [b"a", b"1"])
        with pytest.raises(IntegrityError), unit_of_work():
            execute(INSERT, [b"b", b"1"])
            execute(INSERT, [b"b", b"1"])
        execute(INSERT, [b"c", b"1"])
    assert names() == ["a", "c"]


def test_a_unit_of_work_commits_with_its_last_statements(round_trips):
    told = []
    with unit_of_work():
        execute(INSERT, [b"a", b"1"])
        transaction.on_commit(lambda: told.append(connection.connection.pgconn.transaction_status))
    assert (round_trips, told) == ([1], [TransactionStatus.IDLE])
    assert names() == ["a"]


def test_an_error_of_the_commit_is_raised():
    """A deferred constraint checks the user of a session at the end of the transaction."""
    with pytest.raises(IntegrityError), unit_of_work():
        execute(INSERT, [b"a", b"1"])
        texts = dict.fromkeys(("password_fingerprint", "refresh_id", "previous_refresh_id"), "")
        insert_instances([LoginSession(user_id=uuid7(), expires_at=clock.now(), **texts)])
    assert names() == []


def test_a_transaction_marked_for_rollback_is_not_committed():
    with unit_of_work():
        execute(INSERT, [b"a", b"1"])
        transaction.set_rollback(True)
    assert names() == []


def test_nothing_is_committed_inside_a_larger_transaction():
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        with unit_of_work():
            execute(INSERT, [b"a", b"1"])
        assert names() == ["a"]
        raise ZeroDivisionError
    assert names() == []


def test_a_lost_session_raises_operational_error_and_the_next_one_works():
    with pytest.raises(OperationalError), unit_of_work():
        execute(INSERT, [b"a", b"1"])
        list(execute("SELECT pg_terminate_backend(pg_backend_pid())", []))
    connection.close()
    assert list(execute(COUNT, [b"a"])) == [(0,)]


def test_an_interrupted_exchange_closes_its_session(monkeypatch):
    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(pipeline, "_name", fail)
        execute(COUNT, [b"a"])
    assert not connection.is_usable()
    connection.close()
    assert list(execute(COUNT, [b"a"])) == [(0,)]


def test_results_are_equal_without_prepared_statements():
    connection.ensure_connection()
    connection.connection.prepare_threshold = None
    for _ in range(2):
        assert list(execute("SELECT 'not prepared ' || $1", [b"here"])) == [("not prepared here",)]
    prepared = execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE $1", [b"SELECT 'not pre%"])
    assert list(prepared) == [(0,)]


def test_large_requests_and_results_pass():
    size = 8_000_000
    with transaction.atomic(), pipelined():
        asked = [execute("SELECT repeat($1, 2)", [b"x" * size]) for _ in range(3)]
    assert [len(text) for ((text,),) in map(list, asked)] == [2 * size] * 3


def test_a_message_takes_two_round_trips_with_cached_participants(round_trips):
    one, two = make_user("brand_owner"), make_user("influencer")
    conversation = open_direct(opener=one, other_id=str(two.pk)).conversation
    given = {"conversation_id": str(conversation.pk), "message": "Hello"}
    send_message(sender=one, data=SendMessageRequest.parse(given | {"client_message_id": "a"}))
    trips = []
    for name in ("b", "c"):
        round_trips.clear()
        send_message(sender=one, data=SendMessageRequest.parse(given | {"client_message_id": name}))
        trips.append(len(round_trips))
    assert trips == [2, 2]
    participant_cache.clear()
    round_trips.clear()
    send_message(sender=one, data=SendMessageRequest.parse(given | {"client_message_id": "d"}))
    assert len(round_trips) == 3


def test_the_newest_messages_and_participants_are_read_together(round_trips):
    one, two = make_user("brand_owner"), make_user("influencer")
    conversation = open_direct(opener=one, other_id=str(two.pk)).conversation
    round_trips.clear()
    render_conversations([conversation], one)
    assert round_trips[0] == 3
    nothing_said = len(round_trips)
    send_message(
        sender=one, data=SendMessageRequest.parse({"conversation_id": str(conversation.pk), "message": "Hello"})
    )
    round_trips.clear()
    render_conversations([conversation], one)
    assert len(round_trips) == nothing_said + 1


def test_the_users_of_tokens_are_read_in_one_round_trip(round_trips):
    tokens = [login(make_user("influencer")) for _ in range(2)]
    round_trips.clear()
    assert all(isinstance(one, Identity) for one in authenticate_tokens(tokens))
    assert round_trips == [2]


def test_a_join_is_stored_in_one_round_trip(round_trips):
    one = SessionRecord(random_id(), uuid7(), uuid7(), 0)
    recovery.save_joins([RoomJoin(one, "left", 1), RoomJoin(one, "right", 2)])
    assert round_trips == [2]
    round_trips.clear()
    returning = RecoveryRequest(one.user_id, one.pid, {})
    assert set(recovery.recover([returning], set)[0].positions) == {"left", "right", f"user_{one.user_id}"}
    assert len(round_trips) == 1
