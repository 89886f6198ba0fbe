"""Due tasks are claimed once, and again when their lease has ended."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from foundation import clock
from tasks import claims
from tasks.claims import LEASE, claim_due, release_lost, renew, seconds_until_due
from tasks.declarations import declared_kinds
from tasks.models import State, StoredTask
from tasks.outcomes import Outcome, store
from tests.apps.tasks import samples

pytestmark = pytest.mark.django_db


def claim(limit=10):
    return claim_due(limit, declared_kinds())


def end_leases():
    StoredTask.objects.filter(state=State.RUNNING).update(leased_until=Now() - timedelta(seconds=1))


def test_the_oldest_due_tasks_are_claimed_first():
    for minutes in (1, 3, 2, -60):
        samples.simple.using(run_after=clock.now() - timedelta(minutes=minutes)).enqueue(minutes)
    assert [one.stored.args["args"] for one in claim(2)] == [[3], [2]]
    assert [one.stored.args["args"] for one in claim()] == [[1]]
    assert claim() == []


def test_only_known_kinds_are_claimed():
    StoredTask.objects.create(kind="deals.task_of_a_newer_release", args={"args": [], "kwargs": {}})
    assert claim() == []
    assert seconds_until_due(declared_kinds()) is None
    samples.simple.enqueue(1)
    assert seconds_until_due(declared_kinds()) <= 0
    assert claim_due(10, declared_kinds() - {samples.simple.kind}) == []
    assert len(claim()) == 1


def test_a_claimed_task_is_not_claimed_again_while_its_lease_holds():
    samples.simple.enqueue(1)
    (one,) = claim()
    assert release_lost() == 0
    row = StoredTask.objects.annotate(now=Now()).get()
    assert (row.state, row.attempts, row.lease) == (State.RUNNING, 1, one.lease)
    assert timedelta() < row.leased_until - row.now <= LEASE
    assert claim() == []


def test_leases_detection_and_polls_take_less_than_a_minute():
    slack = timedelta(seconds=1)
    assert LEASE + claims.LOST_CHECK_INTERVAL + 2 * slack < timedelta(seconds=60)
    assert 3 * claims.RENEWAL_INTERVAL < LEASE


def test_a_lost_task_is_claimed_again_at_once():
    samples.failing.enqueue()
    (first,) = claim()
    end_leases()
    assert release_lost() == 1
    (second,) = claim()
    assert (second.id, second.stored.attempts, second.lease != first.lease) == (first.id, 2, True)
    assert not store(first, Outcome(None, 0.1))
    assert store(second, Outcome(None, 0.1))


def test_a_task_that_kills_its_workers_becomes_a_dead_letter():
    samples.failing.enqueue()
    for _ in range(3):
        assert len(claim()) == 1
        end_leases()
        assert release_lost() == 1
    row = StoredTask.objects.get()
    assert (row.state, row.attempts, row.error) == (State.DEAD, 3, claims.LOST)


def test_a_recurring_task_that_kills_its_workers_goes_on():
    samples.every_hour.enqueue()
    for _ in range(30):
        assert len(claim()) == 1
        end_leases()
        assert release_lost() == 1
    assert StoredTask.objects.get().state == State.WAITING


def test_lost_tasks_of_other_releases_wait_for_them():
    StoredTask.objects.create(
        kind="deals.task_of_a_newer_release", args={}, state=State.RUNNING, leased_until=clock.now() - timedelta(days=1)
    )
    assert release_lost() == 1
    assert claim() == []
    assert StoredTask.objects.get().state == State.WAITING


def test_renewing_keeps_only_leases_that_are_held():
    for number in range(3):
        samples.simple.enqueue(number)
    held = claim()
    end_leases()
    StoredTask.objects.filter(pk=held[0].id).update(lease=uuid.uuid4())
    assert store(held[1], Outcome(None, 0.1))
    assert renew(held) == {held[2].id}
    assert release_lost() == 1


def test_the_number_of_queries_does_not_depend_on_the_number_of_tasks():
    counts = []
    for number in (1, 20):
        for _ in range(number):
            samples.simple.enqueue(1)
        with CaptureQueriesContext(connection) as queries:
            held = claim(100)
            renew(held)
        assert len(held) == number
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.django_db(transaction=True)
def test_workers_at_once_claim_each_task_once():
    for number in range(60):
        samples.simple.enqueue(number)

    def work(_):
        found = []
        try:
            while some := claim(3):
                found += [one.id for one in some]
            return found
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as threads:
        found = [one for some in threads.map(work, range(4)) for one in some]
    while some := claim(3):  # a worker stops when others have locked everything that is left
        found += [one.id for one in some]
    assert len(found) == len(set(found)) == 60


@pytest.mark.django_db(transaction=True)
def test_a_locked_task_does_not_hold_up_the_others(on_postgresql):
    samples.keyed.enqueue(uuid.uuid4())
    samples.simple.enqueue(1)

    def work():
        try:
            return [one.task.kind for one in claim()]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as threads, transaction.atomic():
        StoredTask.objects.select_for_update().get(kind=samples.keyed.kind)
        assert threads.submit(work).result(30) == [samples.simple.kind]


def test_due_tasks_are_found_by_their_partial_index(on_postgresql):
    StoredTask.objects.bulk_create(
        StoredTask(kind=samples.simple.kind, args={}, state=State.SUCCEEDED, finished_at=clock.now())
        for _ in range(3000)
    )
    samples.simple.enqueue(1)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE tasks_storedtask")
    waiting = StoredTask.objects.filter(state=State.WAITING, due_at__lte=Now(), kind__in=declared_kinds())
    assert "task_due" in waiting.order_by("due_at")[:5].explain()
    assert "task_lease" in StoredTask.objects.filter(state=State.RUNNING, leased_until__lt=Now()).explain()
    old = StoredTask.objects.filter(state=State.SUCCEEDED, finished_at__lt=Now() - timedelta(days=7))
    assert "task_finished" in old.order_by("finished_at")[:100].explain()
