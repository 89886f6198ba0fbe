"""Events are logged in the transaction that publishes them: without gaps and in order, or not at all."""

import contextvars
import threading
import uuid

import pytest
from django.db import connection, transaction

from foundation.json import from_json
from realtime import (
    event_log,
    lock_rooms,
    publish,
    publish_ephemeral,
    queue_room_locks,
    reserve_seq,
    rewrite_events,
    unit_of_work,
)
from realtime.models import Room, RoomEvent
from realtime.pubsub import bus
from tests.apps.realtime.samples import NOTE, WHISPER, note


def texts(room: str) -> list[tuple[int, str]]:
    return [(event.seq, from_json(event.data)["text"]) for event in event_log.read(room, after=0)]


@pytest.mark.django_db
def test_numbers_have_no_gaps_and_are_in_the_payload():
    for text in "abc":
        publish("room", NOTE, note(text))
    assert texts("room") == [(1, "a"), (2, "b"), (3, "c")]
    assert [from_json(event.data)["seq"] for event in event_log.read("room", after=0)] == [1, 2, 3]


@pytest.mark.django_db(transaction=True)
def test_a_rollback_leaves_neither_event_nor_gap():
    publish("room", NOTE, note("a"))
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        publish("room", NOTE, note("lost"))
        raise ZeroDivisionError
    publish("room", NOTE, note("b"))
    assert texts("room") == [(1, "a"), (2, "b")]


@pytest.mark.django_db(transaction=True)
def test_a_failed_savepoint_reverts_its_events_and_numbers(sent_hints):
    with unit_of_work():
        publish("room", NOTE, note("a"))
        with pytest.raises(ZeroDivisionError), unit_of_work():
            reserve_seq("room")
            publish("other", NOTE, note("lost"))
            publish_ephemeral("room", WHISPER, note("lost"))
            raise ZeroDivisionError
        publish("room", NOTE, note("b"))
    assert texts("room") == [(1, "a"), (2, "b")]
    assert texts("other") == []
    assert [hint.group for hint in sent_hints] == ["room"]


@pytest.mark.django_db
def test_events_published_before_a_reservation_have_lower_numbers():
    with unit_of_work():
        publish("room", NOTE, note("first"))
        seq = reserve_seq("room")
        publish("room", NOTE, note("third"))
        publish("room", NOTE, note("second"), seq=seq)
    assert texts("room") == [(1, "first"), (2, "second"), (3, "third")]


@pytest.mark.django_db(transaction=True)
def test_an_unused_reserved_number_fails_the_unit_of_work():
    with pytest.raises(RuntimeError, match="reserved"), unit_of_work():
        publish("room", NOTE, note("a"))
        reserve_seq("room")
    assert not RoomEvent.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_hints_are_sent_after_the_commit_one_for_each_room(sent_hints):
    with unit_of_work():
        publish("one", NOTE, note("a"))
        publish("two", NOTE, note("b"))
        publish("one", NOTE, note("c"))
        publish_ephemeral("one", WHISPER, note("d"))
        assert sent_hints == []
    groups = [(hint.group, hint.message["type"]) for hint in sent_hints]
    assert groups == [("one", "room.events"), ("two", "room.events"), ("one", "room.ephemeral")]
    assert [row[0] for row in sent_hints[0].message["events"]] == [1, 2]


@pytest.mark.django_db(transaction=True)
def test_events_published_on_commit_are_a_unit_of_work(sent_hints):
    with unit_of_work():
        publish("room", NOTE, note("a"))
        transaction.on_commit(lambda: publish("room", NOTE, note("b")))
        transaction.on_commit(lambda: publish_ephemeral("room", WHISPER, note("c")))
    assert texts("room") == [(1, "a"), (2, "b")]
    assert len(sent_hints) == 3


@pytest.mark.django_db(transaction=True)
def test_sending_a_hint_is_outside_the_unit_of_work(monkeypatch):
    contexts = []
    monkeypatch.setattr(bus, "send", lambda hints: contexts.append(contextvars.copy_context()))
    publish("room", NOTE, note("a"))
    contexts[0].run(publish_ephemeral, "room", WHISPER, note("b"))
    assert len(contexts) == 2


@pytest.mark.django_db
def test_an_event_must_match_its_declaration():
    with pytest.raises(TypeError):
        publish("room", WHISPER, note("a"))
    with pytest.raises(TypeError):
        publish_ephemeral("room", NOTE, note("a"))
    with pytest.raises(TypeError):
        publish("room", NOTE, {"text": "a"})
    assert not RoomEvent.objects.exists()


@pytest.mark.django_db
def test_numbers_are_reserved_in_a_unit_of_work_only():
    with pytest.raises(RuntimeError):
        reserve_seq("room")
    with pytest.raises(RuntimeError):
        lock_rooms("room")


@pytest.mark.django_db
def test_queued_rooms_are_locked_and_others_are_not():
    Room.objects.create(name="old")
    with unit_of_work():
        queue_room_locks(["old", "new"])
        assert lock_rooms("old") is False
        assert lock_rooms("new", "old") is True
        assert lock_rooms("new", "old") is False


@pytest.mark.django_db
def test_queueing_rooms_again_reverts_no_number():
    publish("room", NOTE, note("first"))
    with unit_of_work():
        queue_room_locks(["room"])
        seq = reserve_seq("room")
        queue_room_locks(["room", "other"])
        publish("room", NOTE, note("third"))
        publish("room", NOTE, note("second"), seq=seq)
    assert texts("room") == [(1, "first"), (2, "second"), (3, "third")]


@pytest.mark.django_db(transaction=True)
def test_rooms_queued_by_a_failed_savepoint_do_not_count_as_locked():
    publish("room", NOTE, note("a"))
    with unit_of_work():
        with pytest.raises(ZeroDivisionError), unit_of_work():
            queue_room_locks(["room"])
            raise ZeroDivisionError
        assert lock_rooms("room") is True
        publish("room", NOTE, note("b"))
    assert texts("room") == [(1, "a"), (2, "b")]


@pytest.mark.django_db(transaction=True)
def test_concurrent_writers_create_one_order_without_gaps():
    writers, each = 4, 15
    barrier = threading.Barrier(writers)
    faults: list[Exception] = []

    def write(name: str) -> None:
        try:
            barrier.wait(10)
            for number in range(each):
                with unit_of_work():
                    # The two transactions publish in opposite orders, but both lock the rooms by name.
                    for room in ("left", "right") if number % 2 else ("right", "left"):
                        publish(room, NOTE, note(f"{name}{number}"))
        except Exception as error:
            faults.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(str(one),)) for one in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert faults == []
    for room in ("left", "right"):
        found = texts(room)
        assert [seq for seq, _ in found] == list(range(1, writers * each + 1))
        assert Room.objects.get(name=room).last_seq == writers * each
        for name in range(writers):
            assert [text for _, text in found if text[0] == str(name)] == [f"{name}{n}" for n in range(each)]


@pytest.mark.django_db
def test_erasing_rewrites_every_copy_and_keeps_the_numbers():
    subject = uuid.uuid4()
    publish("room", NOTE, note("secret"), subject=subject)
    publish("room", NOTE, note("plain"))
    publish("other", NOTE, note("secret"), subject=subject)
    rewrite_events(subject, lambda event, data: data | {"text": ""})
    assert texts("room") == [(1, ""), (2, "plain")]
    assert texts("other") == [(1, "")]
