"""Storing how an attempt ended: success, another attempt later, or a dead letter."""

import random
import traceback
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from tasks import wakeups
from tasks.claims import Claim
from tasks.enqueueing import enqueue_again
from tasks.errors import Interrupted, LeaseLost, TaskFailed, TaskRejected, WorkerStopping
from tasks.models import State, StoredTask

log = structlog.get_logger(__name__)

FIRST_DELAY = timedelta(seconds=5)
LONGEST_DELAY = timedelta(days=1)
SHORTEST_DELAY = timedelta(seconds=1)
"""The shortest delay that a task can ask for."""
MAX_ERROR_LENGTH = 500
MAX_CAUSES = 3


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended: `error` is None after a success."""

    error: BaseException | None
    seconds: float

    @property
    def is_handed_back(self) -> bool:
        return isinstance(self.error, WorkerStopping)


def delay_after(attempts: int) -> timedelta:
    """Return the delay before the next attempt: doubled after each attempt up to a day, of which up to half is cut at
    random, so that tasks that failed together are not tried together."""
    longest = min(FIRST_DELAY * 2 ** min(attempts - 1, 20), LONGEST_DELAY)
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 (no secret)


def describe(error: BaseException) -> str:
    """Return a description without secrets: the text of a `TaskFailed`; of other exceptions only type and place."""
    if isinstance(error, TaskFailed):
        return error.text[:MAX_ERROR_LENGTH]
    causes, current = [error], error
    while (cause := current.__cause__) is not None and len(causes) < MAX_CAUSES:
        causes.append(cause)
        current = cause
    return ", caused by ".join(map(_type_and_place, causes))[:MAX_ERROR_LENGTH]


def _type_and_place(error: BaseException) -> str:
    name = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    frames = traceback.extract_tb(error.__traceback__)
    own = [one for one in frames if Path(one.filename).is_relative_to(settings.BASE_DIR)]
    place = (own or frames)[-1:]
    return name + "".join(f" at {Path(one.filename).name}:{one.lineno} in {one.name}" for one in place)


def store(claim: Claim, outcome: Outcome) -> bool:
    """Store the outcome of an attempt. Returns False if the lease was lost: then nothing is stored."""
    with transaction.atomic():
        row = StoredTask.objects.select_for_update().filter(pk=claim.id, lease=claim.lease, state=State.RUNNING)
        stored = row.first()
        if stored is None:
            return False
        stored.lease = stored.leased_until = None
        if outcome.error is None:
            _succeed(claim, stored)
        elif outcome.is_handed_back:
            stored.state, stored.due_at, stored.attempts = State.WAITING, Now(), F("attempts") - 1
        else:
            _fail(claim, stored, outcome.error)
        again = stored.again and stored.state in (State.SUCCEEDED, State.DEAD)
        stored.save()
        if again:
            enqueue_again(stored)
        wakeups.wake_on_commit()
    return True


def _succeed(claim: Claim, stored: StoredTask) -> None:
    stored.error = ""
    interval = claim.task.interval
    if interval is None:
        stored.state, stored.finished_at = State.SUCCEEDED, Now()
        return
    stored.state, stored.attempts = State.WAITING, 0
    stored.due_at = Now() if stored.again else Now() + interval
    stored.again = False


def _fail(claim: Claim, stored: StoredTask, error: BaseException) -> None:
    stored.error = describe(error)
    interval = claim.task.interval
    is_last = interval is None and (stored.attempts >= claim.task.max_attempts or isinstance(error, TaskRejected))
    if is_last:
        stored.state, stored.finished_at = State.DEAD, Now()
        return
    asked_for = error.retry_after if isinstance(error, TaskFailed) else None
    delay = delay_after(stored.attempts) if asked_for is None else min(max(asked_for, SHORTEST_DELAY), LONGEST_DELAY)
    stored.state = State.WAITING
    stored.due_at = Now() + (delay if interval is None else min(delay, interval))


def log_outcome(claim: Claim, outcome: Outcome, *, stored: bool) -> None:
    """Log an attempt. Failures have their description, never the message of an exception."""
    about = {
        "task": claim.task.kind,
        "task_id": str(claim.id),
        "attempt": claim.stored.attempts,
        "seconds": round(outcome.seconds, 3),
    }
    if not stored or isinstance(outcome.error, LeaseLost):
        log.warning("task_lease_lost", **about)
    elif outcome.error is None:
        log.debug("task_succeeded", **about)
    elif outcome.is_handed_back:
        log.info("task_handed_back", **about)
    else:
        interrupted = isinstance(outcome.error, Interrupted)
        log.warning("task_failed", **about, error=describe(outcome.error), interrupted=interrupted)
