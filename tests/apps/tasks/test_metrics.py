"""The metrics of tasks."""

import uuid
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.db.models.functions import Now
from prometheus_client import REGISTRY, generate_latest

from foundation import clock
from tasks import metrics
from tasks.claims import claim_due
from tasks.declarations import declared_kinds
from tasks.errors import WorkerStopping
from tasks.models import State, StoredTask
from tasks.outcomes import Outcome
from tests.apps.tasks import samples

pytestmark = pytest.mark.django_db


def value(name, kind=samples.simple.kind):
    return REGISTRY.get_sample_value(name, {"kind": kind})


def test_the_queue_is_read_when_metrics_are_requested():
    assert value("stoory_task_waiting") is None
    for _ in range(3):
        samples.simple.enqueue(1)
    samples.keyed.enqueue(uuid.uuid4())
    first = StoredTask.objects.first()
    StoredTask.objects.filter(pk=first.pk).update(due_at=Now() - timedelta(minutes=10))
    StoredTask.objects.filter(kind=samples.keyed.kind).update(state=State.DEAD, finished_at=Now())
    assert (value("stoory_task_waiting"), value("stoory_task_dead")) == (3, None)
    assert value("stoory_task_oldest_seconds") >= 600
    of_keyed = [value(f"stoory_task_{name}", samples.keyed.kind) for name in ("dead", "waiting", "oldest_seconds")]
    assert of_keyed == [1, None, None]


def test_a_task_that_is_due_later_is_not_late():
    samples.simple.enqueue(1)
    StoredTask.objects.update(due_at=Now() + timedelta(hours=1))
    assert (value("stoory_task_waiting"), value("stoory_task_oldest_seconds")) == (1, 0)


def test_the_number_of_queries_does_not_depend_on_the_queue(django_assert_num_queries):
    for _ in range(5):
        samples.simple.enqueue(1)
        samples.keyed.enqueue(uuid.uuid4())
    with django_assert_num_queries(2):
        list(metrics.QueueCollector().collect())


def test_tasks_that_succeeded_are_not_read(on_postgresql):
    StoredTask.objects.bulk_create(
        StoredTask(kind="sample", args={}, state=State.SUCCEEDED, finished_at=clock.now()) for _ in range(5000)
    )
    samples.simple.enqueue(1)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE tasks_storedtask")
    for rows, index in ((metrics._waiting(), "task_due"), (metrics._dead(), "task_finished")):
        assert index in rows.explain()


def test_other_metrics_do_not_depend_on_the_database(monkeypatch):
    def fail():
        raise OperationalError("the database is away")

    monkeypatch.setattr(metrics, "_waiting", fail)
    text = generate_latest().decode()
    assert "stoory_task_seconds" in text
    assert "stoory_task_waiting{" not in text


@pytest.mark.parametrize(("error", "failed"), [(None, 0), (RuntimeError(), 1), (WorkerStopping(), 0)], ids=repr)
def test_attempts_are_counted_by_kind(error, failed):
    samples.simple.enqueue(1)
    (claim,) = claim_due(1, declared_kinds())
    names = ("stoory_task_seconds_count", "stoory_task_failures_total")
    before = [value(name) or 0 for name in names]
    metrics.observe(claim, Outcome(error, 0.5))
    assert [value(name) or 0 for name in names] == [before[0] + 1, before[1] + failed]
