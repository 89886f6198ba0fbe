"""What follows from an attempt: success, another attempt later, or a dead letter."""

import uuid
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now

from tasks import TaskFailed, TaskRejected
from tasks.claims import claim_due
from tasks.declarations import declared_kinds
from tasks.errors import LeaseLost, TimeLimitExceeded, WorkerStopping
from tasks.models import State, StoredTask
from tasks.outcomes import FIRST_DELAY, LONGEST_DELAY, Outcome, delay_after, describe, store
from tests.apps.tasks import samples
from tests.harness.tasks import run_due_tasks

pytestmark = pytest.mark.django_db

MILLISECOND = timedelta(milliseconds=1)
"""SQLite's clock has milliseconds."""
SECRET = "sk_live_4eC39HqLyjWDarjtT1zdp7dc"


def make_due():
    StoredTask.objects.filter(state=State.WAITING).update(due_at=Now())


def database_time():
    with connection.cursor() as cursor:
        cursor.execute("SELECT STATEMENT_TIMESTAMP()" if connection.vendor == "postgresql" else "SELECT 1")
        found = cursor.fetchone()[0]
    return found if connection.vendor == "postgresql" else datetime.now(UTC)


@contextmanager
def waits(shortest, longest=None):
    """Require that the block makes the only task due after between `shortest` and `longest` seconds."""
    before = database_time() - MILLISECOND
    yield
    after = database_time() + MILLISECOND
    due_at = StoredTask.objects.get().due_at
    assert before + timedelta(seconds=shortest) <= due_at <= after + timedelta(seconds=longest or shortest)


def attempt(error=None, *, number=1):
    """Store the outcome of an attempt that claims the waiting task."""
    make_due()
    (claim,) = claim_due(1, declared_kinds())
    assert claim.stored.attempts == number
    assert store(claim, Outcome(error, 0.1))
    return StoredTask.objects.get(pk=claim.id)


def test_a_success_is_stored():
    samples.simple.enqueue(1)
    run_due_tasks()
    row = StoredTask.objects.get()
    assert (row.state, row.attempts, row.error, row.lease, row.leased_until) == ("succeeded", 1, "", None, None)
    assert row.started_at <= row.finished_at


def test_a_failing_task_is_tried_until_it_is_a_dead_letter():
    samples.failing.enqueue()
    for number in (1, 2, 3):
        row = attempt(RuntimeError(SECRET), number=number)
        assert row.attempts == number
    assert (row.state, row.finished_at is not None) == (State.DEAD, True)
    make_due()
    assert claim_due(1, declared_kinds()) == []


@pytest.mark.parametrize("attempts", [1, 2, 5, 10, 15, 16, 20, 1000, 10**9])
def test_delays_double_with_jitter_up_to_a_day(attempts):
    longest = min(FIRST_DELAY.total_seconds() * 2 ** min(attempts - 1, 64), LONGEST_DELAY.total_seconds())
    delays = [delay_after(attempts).total_seconds() for _ in range(200)]
    assert longest / 2 <= min(delays) <= max(delays) <= longest
    assert len(set(delays)) > 100


@pytest.mark.parametrize("number", [1, 2])
def test_the_next_attempt_is_after_the_delay(number):
    samples.failing.enqueue()
    for one in range(1, number):
        attempt(RuntimeError(), number=one)
    longest = FIRST_DELAY.total_seconds() * 2 ** (number - 1)
    with waits(longest / 2, longest):
        attempt(RuntimeError(), number=number)
    assert run_due_tasks() == []


@pytest.mark.parametrize(
    ("after", "seconds"),
    [(timedelta(minutes=7), 420), (timedelta(days=3), 86_400), (timedelta(seconds=-5), 1), (timedelta(), 1)],
    ids=str,
)
def test_a_task_can_say_when_it_is_tried_again(after, seconds):
    samples.failing.enqueue()
    with waits(seconds):
        row = attempt(TaskFailed("The provider asks to wait.", retry_after=after))
    assert (row.state, row.error) == (State.WAITING, "The provider asks to wait.")


def test_a_rejected_task_is_a_dead_letter_at_once():
    samples.failing.enqueue()
    row = attempt(TaskRejected("The order does not exist."))
    assert (row.state, row.attempts, row.error) == (State.DEAD, 1, "The order does not exist.")


def test_a_key_is_free_again_after_a_dead_letter():
    row_id = uuid.uuid4()
    first = samples.keyed.enqueue(row_id)
    attempt(TaskRejected("No."))
    assert samples.keyed.enqueue(row_id).id != first.id


def test_a_dead_letter_that_was_enqueued_again_has_a_successor():
    row_id = uuid.uuid4()
    first = samples.keyed.enqueue(row_id)
    (claim,) = claim_due(1, declared_kinds())
    samples.keyed.enqueue(row_id)
    store(claim, Outcome(TaskRejected("No."), 0.1))
    successor = StoredTask.objects.get(state=State.WAITING)
    assert (str(successor.pk) != first.id, successor.attempts) == (True, 0)


def test_a_handed_back_task_is_due_at_once_and_the_attempt_does_not_count():
    samples.failing.enqueue()
    row = attempt(WorkerStopping())
    assert (row.state, row.attempts, row.error) == (State.WAITING, 0, "")
    assert run_due_tasks() == [samples.failing.kind]


def test_an_outcome_without_the_lease_is_dropped():
    samples.simple.enqueue(1)
    (claim,) = claim_due(1, declared_kinds())
    StoredTask.objects.update(lease=uuid.uuid4())
    for error in (None, RuntimeError(), WorkerStopping()):
        assert not store(claim, Outcome(error, 0.1))
    assert StoredTask.objects.get().state == State.RUNNING


def test_an_outcome_is_stored_once():
    samples.simple.enqueue(1)
    (claim,) = claim_due(1, declared_kinds())
    assert store(claim, Outcome(None, 0.1))
    assert not store(claim, Outcome(RuntimeError(), 0.1))
    assert StoredTask.objects.get().state == State.SUCCEEDED


# Recurring tasks


def test_a_recurring_task_waits_for_its_interval():
    samples.every_hour.enqueue()
    with waits(3600):
        row = attempt()
    assert (row.state, row.attempts) == (State.WAITING, 0)


def test_a_recurring_task_that_was_enqueued_while_it_ran_is_due_at_once():
    samples.every_hour.enqueue()
    (claim,) = claim_due(1, declared_kinds())
    samples.every_hour.enqueue()
    store(claim, Outcome(None, 0.1))
    with waits(3600):
        assert run_due_tasks(recurring=True) == [samples.every_hour.kind]
    assert StoredTask.objects.count() == 1


def test_a_recurring_task_is_never_a_dead_letter_and_waits_at_most_its_interval():
    samples.every_hour.enqueue()
    for number in range(1, 40):
        with waits(0, 3600):
            row = attempt(TaskRejected("No.") if number % 2 else RuntimeError(), number=number)
        assert row.state == State.WAITING
    assert attempt(number=40).attempts == 0


# Errors


def nested():
    try:
        raise TimeoutError(SECRET)
    except TimeoutError as error:
        raise RuntimeError(f"https://user:{SECRET}@example.com") from error


def test_errors_name_type_and_place_but_no_message():
    with pytest.raises(RuntimeError) as caught:
        nested()
    text = describe(caught.value)
    assert text.startswith("RuntimeError at test_outcomes.py:")
    assert ", caused by TimeoutError at test_outcomes.py:" in text
    assert SECRET not in text


@pytest.mark.parametrize("error", [RuntimeError(SECRET), KeyError(SECRET), TimeLimitExceeded(), LeaseLost()], ids=repr)
def test_errors_without_a_place_are_described(error):
    assert describe(error).rpartition(".")[2] == type(error).__name__


def test_descriptions_are_bounded():
    assert len(describe(TaskFailed("x" * 10_000))) == 500


def test_no_secret_of_an_exception_is_stored_or_logged(caplog, capfd):
    samples.failures[:] = [RuntimeError(SECRET)]
    samples.failing.enqueue()
    run_due_tasks()
    row = StoredTask.objects.get()
    assert row.error.startswith("RuntimeError at samples.py:")
    assert SECRET not in row.error + caplog.text + "".join(capfd.readouterr())
