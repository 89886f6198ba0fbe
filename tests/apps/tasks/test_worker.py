"""The worker of a process: attempts in threads, limits, leases, errors of the database, and stopping."""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import OperationalError, connections, transaction
from django.db.models.functions import Now

from tasks import attempts, claims, outcomes, worker
from tasks.models import State, StoredTask
from tasks.worker import Worker
from tests.apps.tasks import samples

pytestmark = pytest.mark.django_db(transaction=True)

ONLY_SAMPLES = frozenset(
    {"accounts.forget_sessions", "deals.take_due_actions", "deals.take_over_refunds", "messaging.clean_up_uploads"}
    | {"realtime.trim_events", "realtime.delete_expired_socket_sessions", "stoory.clear_admin_sessions"}
    | {"tasks.delete_old_tasks", "notifications.delete_old_notifications", samples.every_hour.kind}
)


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait until a condition holds. Raises `AssertionError` after 30 seconds."""
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline, "The condition was not met in time."
        time.sleep(0.005)


@contextmanager
def working(threads: int = 2) -> Iterator[Worker]:
    """A running worker, which is stopped at the end."""
    running = Worker(threads, without=ONLY_SAMPLES)
    running.start()
    try:
        yield running
    finally:
        samples.released.set()
        running.stop()
        assert running._stopped.is_set()


def row_of(kind: str) -> StoredTask:
    return StoredTask.objects.get(kind=kind)


def has_state(kind: str, state: State) -> Callable[[], bool]:
    return lambda: StoredTask.objects.filter(kind=kind, state=state).exists()


def make_due() -> None:
    StoredTask.objects.filter(state=State.WAITING).update(due_at=Now())


def test_tasks_run_in_threads_of_their_own():
    numbers = set(range(20))
    for number in numbers:
        samples.simple.enqueue(number)
    with working():
        wait_until(lambda: StoredTask.objects.filter(state=State.SUCCEEDED).count() == len(numbers))
    assert set(samples.calls) == numbers
    assert len(samples.calls) == len(numbers)


def test_a_commit_wakes_the_worker(monkeypatch):
    monkeypatch.setattr(worker, "POLL_SECONDS", 1000.0)
    with working():
        wait_until(has_polled)
        with transaction.atomic():
            samples.simple.enqueue(1)
        wait_until(has_state(samples.simple.kind, State.SUCCEEDED))


def has_polled() -> bool:
    return StoredTask.objects.filter(kind="tasks.delete_old_tasks").exists()


def test_at_most_as_many_attempts_as_threads_run_at_once():
    samples.waiting.enqueue()
    samples.simple.enqueue(1)
    with working(threads=1):
        wait_until(samples.started.is_set)
        assert row_of(samples.simple.kind).state == State.WAITING
        samples.released.set()
        wait_until(has_state(samples.simple.kind, State.SUCCEEDED))
    assert samples.calls == ["began", "ended", 1]


def test_an_attempt_is_interrupted_at_its_time_limit_and_tried_again():
    samples.too_long.enqueue()
    with working():
        wait_until(lambda: row_of(samples.too_long.kind).error != "")
        row = row_of(samples.too_long.kind)
        assert row.error.startswith("tasks.errors.TimeLimitExceeded at samples.py")
        assert (row.state, row.attempts) == (State.WAITING, 1)
        make_due()
        wait_until(has_state(samples.too_long.kind, State.DEAD))
    assert samples.calls == ["began", "began"]


def test_a_failing_task_does_not_stop_the_worker():
    samples.failures[:] = [RuntimeError(), SystemExit(), KeyboardInterrupt()]
    samples.failing.enqueue()
    with working():
        for number in (1, 2, 3):
            wait_until(lambda number=number: row_of(samples.failing.kind).attempts == number)
            wait_until(lambda: row_of(samples.failing.kind).state != State.RUNNING)
            make_due()
        assert row_of(samples.failing.kind).state == State.DEAD
        samples.simple.enqueue(1)
        wait_until(has_state(samples.simple.kind, State.SUCCEEDED))


def test_leases_of_long_attempts_are_renewed(monkeypatch):
    monkeypatch.setattr(claims, "RENEWAL_INTERVAL", timedelta(milliseconds=20))
    samples.waiting.enqueue()
    with working():
        wait_until(samples.started.is_set)
        first = row_of(samples.waiting.kind).leased_until
        wait_until(lambda: row_of(samples.waiting.kind).leased_until > first)
        samples.released.set()
        wait_until(has_state(samples.waiting.kind, State.SUCCEEDED))


def test_an_attempt_whose_lease_cannot_be_renewed_is_interrupted(monkeypatch):
    monkeypatch.setattr(claims, "RENEWAL_INTERVAL", timedelta(milliseconds=20))
    monkeypatch.setattr(attempts, "LEASE_MARGIN", claims.LEASE.total_seconds() - 0.2)
    samples.waiting.enqueue()
    with working():
        wait_until(samples.started.is_set)
        StoredTask.objects.update(lease=uuid.uuid4())
        wait_until(lambda: not any(one.name == f"task {samples.waiting.kind}" for one in threads()))
    assert samples.calls == ["began"]
    assert row_of(samples.waiting.kind).state == State.RUNNING  # the other worker has the lease


def threads():
    return list(worker.threading.enumerate())


@pytest.mark.parametrize("function", ["store", "claim_due", "seconds_until_due", "renew", "release_lost"])
def test_a_database_that_is_away_for_a_moment_loses_nothing(function, monkeypatch):
    monkeypatch.setattr(worker, "PAUSE_AFTER_ERROR", 0.01)
    monkeypatch.setattr(claims, "RENEWAL_INTERVAL", timedelta(milliseconds=20))
    monkeypatch.setattr(claims, "LOST_CHECK_INTERVAL", timedelta(milliseconds=20))
    module = outcomes if function == "store" else claims
    original, away = getattr(module, function), [OperationalError("server closed the connection")] * 3

    def sometimes(*args, **kwargs):
        if away:
            raise away.pop()
        return original(*args, **kwargs)

    monkeypatch.setattr(module, function, sometimes)
    samples.waiting.enqueue()
    with working():
        wait_until(samples.started.is_set)
        if function == "renew":
            wait_until(lambda: not away)
        samples.released.set()
        wait_until(has_state(samples.waiting.kind, State.SUCCEEDED))
        wait_until(lambda: not away)
    assert samples.calls == ["began", "ended"]


def test_a_stopping_worker_lets_attempts_finish_and_claims_nothing_more():
    samples.waiting.enqueue()
    with working(threads=1) as running:
        wait_until(samples.started.is_set)
        samples.simple.enqueue(1)
        with running._changed:
            running._stop_at = time.monotonic() + 30
        samples.released.set()
        running.stop()
    assert row_of(samples.waiting.kind).state == State.SUCCEEDED
    assert row_of(samples.simple.kind).state == State.WAITING
    assert samples.calls == ["began", "ended"]


def test_a_stopping_worker_hands_back_attempts_that_take_too_long():
    samples.waiting.enqueue()
    with working() as running:
        wait_until(samples.started.is_set)
        running.stop(seconds=0)
        row = row_of(samples.waiting.kind)
        assert (row.state, row.attempts, row.lease) == (State.WAITING, 0, None)
        assert samples.calls == ["began"]
    with working():
        wait_until(has_state(samples.waiting.kind, State.SUCCEEDED))


def test_stopping_twice_or_without_work_returns():
    with working() as running:
        running.stop()
        running.stop()
    assert running._stopped.is_set()


def test_an_attempt_leaves_no_connection_or_transaction_behind():
    samples.too_long.enqueue()
    samples.simple.enqueue(1)
    with working():
        wait_until(has_state(samples.simple.kind, State.SUCCEEDED))
        wait_until(lambda: row_of(samples.too_long.kind).error != "")
        for number in range(30):  # more than the pool has connections
            samples.simple.enqueue(number)
        wait_until(lambda: not StoredTask.objects.filter(kind=samples.simple.kind, state=State.WAITING).exists())
    connections.close_all()


def test_an_attempt_that_ignores_interrupts_is_stuck(monkeypatch):
    monkeypatch.setattr(attempts, "STUCK_AFTER", 0.0)
    samples.too_long.enqueue()
    with working() as running:
        assert not running.is_stuck
        monkeypatch.setattr(attempts.ctypes.pythonapi, "PyThreadState_SetAsyncExc", lambda *_: 1, raising=False)
        wait_until(lambda: running.is_stuck)
        samples.released.set()
        wait_until(lambda: not running.is_stuck)
