"""The tasks of this package: old tasks are deleted."""

from datetime import timedelta

from tasks.declarations import recurring_task
from tasks.retention import delete_finished


@recurring_task(every=timedelta(hours=1), time_limit=timedelta(minutes=15))
def delete_old_tasks() -> None:
    delete_finished()
