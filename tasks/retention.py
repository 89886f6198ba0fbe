"""Deleting tasks that ended long ago."""

from datetime import timedelta
from functools import partial

from django.conf import settings
from django.db.models.functions import Now

from foundation.database.batched_deletes import delete_in_batches, delete_rows
from tasks.models import State, StoredTask

DEAD_LETTER_RETENTION = timedelta(days=90)


def delete_finished() -> int:
    """Delete tasks that succeeded `TASK_RETENTION_DAYS` ago, and dead letters after 90 days. Returns their number."""
    kept = {State.SUCCEEDED: settings.TASK_RETENTION, State.DEAD: DEAD_LETTER_RETENTION}
    return sum(delete_in_batches(partial(_delete_oldest, state, age)) for state, age in kept.items())


def _delete_oldest(state: State, age: timedelta, limit: int) -> int:
    old = StoredTask.objects.filter(state=state, finished_at__lt=Now() - age).order_by("finished_at")
    return delete_rows(StoredTask, list(old.values_list("pk", flat=True)[:limit]))
