"""Running tasks in the thread of a test."""

import time

from tasks import claims, outcomes
from tasks.attempts import call
from tasks.declarations import declared_kinds, recurring_tasks
from tasks.models import StoredTask
from tasks.outcomes import Outcome

MAX_TASKS = 1000


def run_due_tasks(*, recurring: bool = False, limit: int = MAX_TASKS) -> list[str]:
    """Run at most `limit` tasks that are due, also those that they enqueue, and return their kinds in order. Recurring
    tasks are left out unless `recurring` is set; then each runs at most once."""
    kinds = set(declared_kinds()) - {one.kind for one in recurring_tasks() if not recurring}
    ran: list[str] = []
    while len(ran) < limit and (found := claims.claim_due(1, kinds)):
        (claim,) = found
        error: BaseException | None = None
        begin = time.monotonic()
        try:
            call(claim)
        except Exception as raised:
            error = raised
        assert outcomes.store(claim, Outcome(error, time.monotonic() - begin))
        ran.append(claim.task.kind)
        if claim.task.every is not None:
            kinds.discard(claim.task.kind)
    return ran


def enqueued(kind: str) -> list[StoredTask]:
    """Return the stored tasks of a kind, oldest first."""
    return list(StoredTask.objects.filter(kind=kind).order_by("created_at", "pk"))
