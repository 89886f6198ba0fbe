"""The tasks of notifications."""

from datetime import timedelta

from notifications import retention
from tasks import recurring_task


@recurring_task(every=timedelta(hours=6), time_limit=timedelta(minutes=15))
def delete_old_notifications() -> None:
    retention.delete_old()
