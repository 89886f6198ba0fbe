"""The metrics of tasks: durations and failures of this process, and the queue as the database has it."""

from collections.abc import Iterable
from typing import Any

import structlog
from django.db import DatabaseError, InterfaceError
from django.db.models import Count, Min, QuerySet
from django.db.models.functions import Now
from prometheus_client import REGISTRY, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from tasks.claims import Claim
from tasks.models import State, StoredTask
from tasks.outcomes import Outcome

log = structlog.get_logger(__name__)

durations = Histogram(
    "stoory_task_seconds", "Durations of attempts", ["kind"], buckets=(0.01, 0.05, 0.25, 1, 5, 15, 60, 300, 900)
)
failures = Counter("stoory_task_failures_total", "Attempts that failed", ["kind"])


def observe(claim: Claim, outcome: Outcome) -> None:
    durations.labels(claim.task.kind).observe(outcome.seconds)
    if outcome.error is not None and not outcome.is_handed_back:
        failures.labels(claim.task.kind).inc()


class QueueCollector(Collector):
    """Reads the queue when metrics are requested: waiting tasks, how long the oldest has been due, and dead letters."""

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterable[Metric]:
        waiting = GaugeMetricFamily("stoory_task_waiting", "Tasks that wait, also for another attempt", labels=["kind"])
        oldest = GaugeMetricFamily("stoory_task_oldest_seconds", "How long the oldest task is due", labels=["kind"])
        dead = GaugeMetricFamily("stoory_task_dead", "Dead letters", labels=["kind"])
        try:
            for row in _waiting():
                waiting.add_metric([row["kind"]], row["tasks"])
                oldest.add_metric([row["kind"]], max(0.0, (row["now"] - row["oldest"]).total_seconds()))
            for row in _dead():
                dead.add_metric([row["kind"]], row["tasks"])
        except (DatabaseError, InterfaceError) as error:
            log.warning("task_queue_unreadable", error=type(error).__name__)
        return [waiting, oldest, dead]


def _waiting() -> QuerySet[StoredTask, Any]:
    """Count the waiting tasks of each kind. The index of due tasks has only them."""
    waiting = StoredTask.objects.filter(state=State.WAITING).order_by()
    return waiting.values("kind").annotate(tasks=Count("pk"), oldest=Min("due_at"), now=Now())


def _dead() -> QuerySet[StoredTask, Any]:
    dead = StoredTask.objects.filter(state=State.DEAD, finished_at__isnull=False).order_by()
    return dead.values("kind").annotate(tasks=Count("pk"))


REGISTRY.register(QueueCollector())
