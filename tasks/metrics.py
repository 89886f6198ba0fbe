"""The metrics of tasks: durations and failures of this process, and the queue as the database has it."""

from collections.abc import Iterable
from typing import Any

import structlog
from django.db import DatabaseError, InterfaceError
from django.db.models import Count, Min, Q
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
            for row in _queue():
                waiting.add_metric([row["kind"]], row["waiting"])
                dead.add_metric([row["kind"]], row["dead"])
                late = (row["now"] - row["oldest"]).total_seconds() if row["oldest"] else 0.0
                oldest.add_metric([row["kind"]], max(0.0, late))
        except (DatabaseError, InterfaceError) as error:
            log.warning("task_queue_unreadable", error=type(error).__name__)
        return [waiting, oldest, dead]


def _queue() -> list[Any]:
    waiting, dead = Q(state=State.WAITING), Q(state=State.DEAD)
    counted = (
        StoredTask.objects.filter(waiting | dead)
        .order_by()
        .values("kind")
        .annotate(
            waiting=Count("pk", filter=waiting),
            dead=Count("pk", filter=dead),
            oldest=Min("due_at", filter=waiting),
            now=Now(),
        )
    )
    return list(counted)


REGISTRY.register(QueueCollector())
