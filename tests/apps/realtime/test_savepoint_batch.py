"""Units of work in one transaction: each succeeds or fails separately."""

import pytest
from django.db import IntegrityError, connection

from foundation.errors import NotFound
from realtime import event_log, publish, run_savepoint_batch, unit_of_work
from realtime.models import Room
from tests.apps.realtime.samples import NOTE, note

pytestmark = pytest.mark.django_db(transaction=True)


def texts(room: str) -> list[str]:
    return [event.data for event in event_log.read(room, after=0)]


def test_a_failure_reverts_only_its_own_unit_of_work():
    def work(item: str) -> str:
        with unit_of_work():
            publish("room", NOTE, note(item))
            if item == "bad":
                raise NotFound
            return item.upper()

    results = run_savepoint_batch(work, ["c", "bad", "a"], by=str)
    assert results[0] == "C"
    assert isinstance(results[1], NotFound)
    assert results[2] == "A"
    assert texts("room") == ['{"seq":1,"text":"a"}', '{"seq":2,"text":"c"}']


def test_after_a_conflict_each_unit_runs_separately():
    tries: list[str] = []

    def work(item: str) -> str:
        tries.append(item)
        with unit_of_work():
            publish(item, NOTE, note(item))
            if item == "b":
                Room.objects.create(name="taken")
        return item

    Room.objects.create(name="taken")
    results = run_savepoint_batch(work, ["a", "b", "c"], by=str)
    assert (results[0], results[2]) == ("a", "c")
    assert isinstance(results[1], IntegrityError)
    assert tries == ["a", "b", "a", "b", "c"]
    assert [texts(room) for room in "abc"] == [['{"seq":1,"text":"a"}'], [], ['{"seq":1,"text":"c"}']]


def test_several_units_share_a_transaction_and_a_single_one_has_no_savepoint():
    savepoints: list[int] = []

    def work(item: int) -> int:
        with unit_of_work():
            savepoints.append(len(connection.savepoint_ids))
            return item

    assert run_savepoint_batch(work, [2, 1], by=int) == [2, 1]
    assert run_savepoint_batch(work, [3], by=int) == [3]
    assert savepoints == [1, 1, 0]
    assert run_savepoint_batch(work, [], by=int) == []
