"""Tasks are stored with their cause, and a key is taken only once."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction
from django_tasks import TaskResultStatus, task
from django_tasks.exceptions import InvalidTaskError, TaskResultDoesNotExist, TaskResultMismatch

from foundation import clock
from tasks import wakeups
from tasks.claims import claim_due, seconds_until_due
from tasks.declarations import declared_kinds
from tasks.enqueueing import enqueue_recurring
from tasks.errors import InvalidArguments
from tasks.models import State, StoredTask
from tasks.outcomes import Outcome, store
from tests.apps.tasks import samples
from tests.harness.tasks import enqueued, run_due_tasks

pytestmark = pytest.mark.django_db

ONE, OTHER = uuid.uuid4(), uuid.uuid4()


def kinds_stored():
    return sorted(StoredTask.objects.values_list("kind", flat=True))


def test_a_task_runs_with_its_arguments():
    samples.simple.enqueue(ONE)
    samples.simple.enqueue(value=7)
    assert samples.calls == []
    assert run_due_tasks() == [samples.simple.kind] * 2
    assert samples.calls == [ONE, 7]
    assert run_due_tasks() == []


def test_a_task_is_stored_if_and_only_if_its_cause_is():
    with pytest.raises(RuntimeError), transaction.atomic():
        samples.simple.enqueue(1)
        samples.keyed.enqueue(ONE)
        raise RuntimeError
    assert kinds_stored() == []
    with transaction.atomic():
        samples.simple.enqueue(2)
    assert kinds_stored() == [samples.simple.kind]


@pytest.mark.parametrize("given", [["a text of a user"], [1.5], [ONE.hex], [[1]]], ids=str)
def test_texts_are_refused_and_nothing_is_stored(given):
    with pytest.raises(InvalidArguments):
        samples.simple.enqueue(*given)
    assert kinds_stored() == []


@pytest.mark.parametrize("given", [(), (ONE, "note", 3)], ids=len)
def test_arguments_that_do_not_fit_are_refused_at_once(given):
    with pytest.raises(TypeError):
        samples.keyed.enqueue(*given)
    assert kinds_stored() == []


def test_a_task_without_a_key_is_stored_each_time():
    first, second = samples.simple.enqueue(1), samples.simple.enqueue(1)
    assert first.id != second.id


def test_a_key_is_taken_while_its_task_waits():
    first = samples.keyed.enqueue(ONE)
    assert samples.keyed.enqueue(ONE, "second").id == first.id
    assert samples.keyed.enqueue(row_id=ONE).id == first.id
    assert samples.keyed.enqueue(OTHER).id != first.id
    assert samples.only_one.enqueue().id == samples.only_one.enqueue().id
    run_due_tasks()
    assert samples.calls == [(ONE, "first"), (OTHER, "first"), "only one"]
    assert samples.keyed.enqueue(ONE).id != first.id


def test_a_task_that_is_enqueued_while_it_runs_runs_once_more():
    first = samples.keyed.enqueue(ONE)
    (claim,) = claim_due(1, declared_kinds())
    assert samples.keyed.enqueue(ONE).id == samples.keyed.enqueue(ONE).id == first.id
    assert store(claim, Outcome(None, 0.1))
    again = StoredTask.objects.get(state=State.WAITING)
    assert (str(again.pk) != first.id, again.attempts, again.args) == (True, 0, claim.stored.args)
    assert run_due_tasks() == [samples.keyed.kind]
    assert run_due_tasks() == []


def test_a_retry_sees_what_enqueued_the_task_again():
    samples.keyed.enqueue(ONE)
    (claim,) = claim_due(1, declared_kinds())
    samples.keyed.enqueue(ONE)
    store(claim, Outcome(RuntimeError(), 0.1))
    StoredTask.objects.update(due_at=clock.now() - timedelta(hours=1))
    assert run_due_tasks() == [samples.keyed.kind]
    assert run_due_tasks() == []


def test_a_task_that_waits_for_its_next_attempt_is_not_hurried():
    samples.keyed.enqueue(ONE)
    (claim,) = claim_due(1, declared_kinds())
    store(claim, Outcome(RuntimeError(), 0.1))
    samples.keyed.enqueue(ONE)
    assert run_due_tasks() == []


def test_a_later_task_becomes_due_earlier_but_not_later():
    samples.keyed.using(run_after=clock.now() + timedelta(days=1)).enqueue(ONE)
    assert run_due_tasks() == []
    assert 3600 < seconds_until_due(declared_kinds()) <= 86_400
    samples.keyed.enqueue(ONE)
    samples.keyed.using(run_after=clock.now() + timedelta(days=2)).enqueue(ONE)
    assert run_due_tasks() == [samples.keyed.kind]


def test_a_skewed_clock_does_not_delay_a_task():
    for hours in (-5, 5):
        with clock.moved(timedelta(hours=hours)):
            samples.simple.enqueue(hours)
            samples.simple.using(run_after=clock.now() + timedelta(hours=1)).enqueue(100)
    run_due_tasks()
    assert samples.calls == [-5, 5]


@pytest.mark.django_db(transaction=True)
def test_many_causes_at_once_store_a_key_once():
    def cause(_):
        try:
            with transaction.atomic():
                return samples.keyed.enqueue(ONE).id
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as threads:
        ids = set(threads.map(cause, range(40)))
    assert {str(one.pk) for one in enqueued(samples.keyed.kind)} == ids
    assert len(ids) == 1


@pytest.mark.django_db(transaction=True)
def test_causes_and_a_worker_lose_no_cause():
    """Each cause that is committed is followed by a run that begins afterwards."""
    begun: list[int] = []
    committed: list[int] = []

    def cause(number):
        try:
            with transaction.atomic():
                samples.keyed.enqueue(ONE)
            committed.append(len(begun))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as threads:
        running = [threads.submit(cause, number) for number in range(60)]
        while not all(one.done() for one in running):
            for claim in claim_due(1, declared_kinds()):
                begun.append(1)
                store(claim, Outcome(None, 0.0))
        [one.result() for one in running]
    while found := claim_due(1, declared_kinds()):
        begun.append(1)
        store(found[0], Outcome(None, 0.0))
    assert begun
    assert max(committed) <= len(begun)
    assert not StoredTask.objects.filter(state__in=(State.WAITING, State.RUNNING)).exists()


# Results, as Django's interface has them


def test_results_are_read_again():
    result = samples.with_context.enqueue(ONE)
    assert result.status == TaskResultStatus.READY
    run_due_tasks()
    result.refresh()
    assert (result.status, result.attempts, result.is_finished) == (TaskResultStatus.SUCCESSFUL, 1, True)
    assert samples.with_context.get_result(result.id).id == result.id
    assert samples.calls == [(result.id, 1, ONE)]
    with pytest.raises(TaskResultMismatch):
        samples.simple.get_result(result.id)


@pytest.mark.parametrize("result_id", [str(uuid.uuid4()), "nothing", ""])
def test_unknown_results_do_not_exist(result_id):
    with pytest.raises(TaskResultDoesNotExist):
        samples.simple.get_result(result_id)


def undeclared() -> None: ...


def test_a_task_must_be_declared_with_its_limits():
    with pytest.raises(InvalidTaskError):
        task(undeclared).enqueue()


# Recurring tasks and wake-ups


def test_each_recurring_task_is_stored_once():
    enqueue_recurring()
    stored = kinds_stored()
    assert samples.every_hour.kind in stored
    assert "deals.take_due_actions" in stored
    enqueue_recurring()
    assert samples.every_hour.enqueue().id
    assert kinds_stored() == stored


@pytest.mark.django_db(transaction=True)
def test_workers_are_woken_once_at_the_commit(monkeypatch):
    woken = []
    monkeypatch.setattr(wakeups, "_send", [lambda: woken.append(connection.in_atomic_block)])
    with transaction.atomic():
        for number in range(5):
            samples.simple.enqueue(number)
        with transaction.atomic():
            samples.keyed.enqueue(ONE)
        assert woken == []
    assert woken == [False]
    with pytest.raises(RuntimeError), transaction.atomic():
        samples.simple.enqueue(1)
        raise RuntimeError
    assert woken == [False]


@pytest.mark.django_db(transaction=True)
def test_a_wake_up_does_not_depend_on_a_savepoint_that_was_rolled_back(monkeypatch):
    woken = []
    monkeypatch.setattr(wakeups, "_send", [lambda: woken.append(1)])
    with transaction.atomic():
        with pytest.raises(RuntimeError), transaction.atomic():
            samples.simple.enqueue(1)
            raise RuntimeError
        samples.simple.enqueue(2)
    assert woken == [1]


@pytest.mark.django_db(transaction=True)
def test_a_wake_up_that_fails_does_not_fail_the_cause(monkeypatch):
    def fail():
        raise OSError("the bus is away")

    monkeypatch.setattr(wakeups, "_send", [fail])
    samples.simple.enqueue(1)
    assert kinds_stored() == [samples.simple.kind]
