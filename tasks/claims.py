"""Claiming tasks: a worker takes what is due, with a lease that it renews while the attempt runs.

A worker that is killed stops renewing, so its tasks are taken again when their leases end. On PostgreSQL, workers skip
the rows that other workers have locked. On SQLite, only one transaction writes at a time.
"""

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from tasks.declarations import AnyTask, declared_task
from tasks.models import State, StoredTask

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=40)
RENEWAL_INTERVAL = timedelta(seconds=10)
"""Three renewals can fail before a lease ends."""
LOST_CHECK_INTERVAL = timedelta(seconds=5)
"""How often workers look for leases that have ended. Together with `LEASE` and a poll, less than 60 seconds."""
LOST_PER_CHECK = 100
LOST = "The worker was killed, or could not reach the database."


@dataclass(frozen=True)
class Claim:
    """A task that this process has claimed, and the task's declaration. `lease` belongs to this attempt alone."""

    stored: StoredTask
    task: AnyTask
    lease: uuid.UUID

    @property
    def id(self) -> uuid.UUID:
        return self.stored.pk


def claim_due(limit: int, kinds: Collection[str]) -> list[Claim]:
    """Claim at most `limit` tasks of these kinds that are due, those that are due for longest first."""
    lease = uuid.uuid4()
    with transaction.atomic():
        waiting = StoredTask.objects.filter(state=State.WAITING, due_at__lte=Now(), kind__in=kinds)
        found = list(_skipping_locked(waiting).order_by("due_at")[:limit])
        StoredTask.objects.filter(pk__in=[one.pk for one in found]).update(
            state=State.RUNNING,
            lease=lease,
            leased_until=Now() + LEASE,
            attempts=F("attempts") + 1,
            again=False,
            started_at=Now(),
        )
    claims = []
    for stored in found:
        stored.attempts, stored.lease, stored.state = stored.attempts + 1, lease, State.RUNNING
        task = declared_task(stored.kind)
        assert task is not None  # only declared kinds are claimed
        claims.append(Claim(stored, task, lease))
    return claims


def seconds_until_due(kinds: Collection[str]) -> float | None:
    """Return the seconds until the next task of these kinds is due: 0 or less if one is due, None if none waits."""
    waiting = StoredTask.objects.filter(state=State.WAITING, kind__in=kinds).order_by("due_at")
    first: tuple[datetime, Any] | None = waiting.annotate(now=Now()).values_list("due_at", "now").first()
    return None if first is None else (first[0] - first[1]).total_seconds()


def renew(claims: Iterable[Claim]) -> set[uuid.UUID]:
    """Renew the leases of claims. Returns the ids of the tasks whose leases are still held."""
    leases = {claim.lease for claim in claims}
    held = StoredTask.objects.filter(lease__in=leases, state=State.RUNNING)
    with transaction.atomic():
        held.update(leased_until=Now() + LEASE)
        return set(held.values_list("pk", flat=True))


def release_lost() -> int:
    """Let tasks whose leases have ended be claimed again, at once. Returns how many.

    A task whose last attempt was lost becomes a dead letter, so that it cannot kill workers for ever.
    """
    ended = StoredTask.objects.filter(state=State.RUNNING, leased_until__lt=Now())
    if not ended.exists():
        return 0
    with transaction.atomic():
        lost: list[StoredTask] = list(_skipping_locked(ended).order_by("leased_until")[:LOST_PER_CHECK])
        for stored in lost:
            task = declared_task(stored.kind)
            is_last = task is not None and task.every is None and stored.attempts >= task.max_attempts
            stored.state = State.DEAD if is_last else State.WAITING
            stored.lease = stored.leased_until = None
            stored.error = LOST
            stored.due_at = Now()
            stored.finished_at = Now() if is_last else None
            stored.save()
            log.warning("task_lost", task=stored.kind, task_id=str(stored.pk), attempt=stored.attempts, dead=is_last)
    return len(lost)


def _skipping_locked(rows: QuerySet[StoredTask]) -> QuerySet[StoredTask]:
    return rows.select_for_update(skip_locked=connection.features.has_select_for_update_skip_locked)
