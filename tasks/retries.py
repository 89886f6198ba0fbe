"""Running a task now, at the request of an operator."""

import uuid

import structlog
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from tasks import wakeups
from tasks.models import State, StoredTask

log = structlog.get_logger(__name__)


def run_now(*, task_id: uuid.UUID) -> bool:
    """Make a waiting task due, or store a dead letter again with all its attempts.

    Returns False and changes nothing if the task runs, has succeeded or does not exist, or if another task with its key
    waits or runs.
    """
    try:
        with transaction.atomic():
            stored = StoredTask.objects.select_for_update().filter(pk=task_id).first()
            if stored is None or stored.state not in (State.WAITING, State.DEAD):
                return False
            if stored.state == State.DEAD:
                stored.state, stored.attempts, stored.finished_at = State.WAITING, 0, None
            stored.due_at = Now()
            stored.save()
            wakeups.wake_on_commit()
    except IntegrityError:  # the key is taken
        return False
    log.info("task_run_now", task=stored.kind, task_id=str(task_id))
    return True
