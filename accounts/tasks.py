"""The tasks of accounts."""

from datetime import timedelta

from accounts.services import forget_old_sessions
from tasks import recurring_task


@recurring_task(every=timedelta(hours=6), time_limit=timedelta(minutes=15))
def forget_sessions() -> None:
    """Delete old login sessions."""
    forget_old_sessions()
