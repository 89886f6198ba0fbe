"""The tasks of deals: due deadlines, reminders and refunds. `manage.py run_deadlines` does the same at once."""

from datetime import timedelta

from django.conf import settings

from deals.deadlines import run_deadlines
from deals.payments.refunds import request_due_refunds
from tasks import recurring_task


def _interval() -> timedelta:
    return timedelta(seconds=settings.DEADLINE_SECONDS)


@recurring_task(every=_interval, time_limit=timedelta(minutes=5))
def take_due_actions() -> None:
    """Take the system actions and send the reminders that are due."""
    run_deadlines()


@recurring_task(every=_interval, time_limit=timedelta(minutes=5))
def request_refunds() -> None:
    """Request the refunds that are due. A task of its own, because it waits for a provider."""
    request_due_refunds()


IN_DEADLINE_PROCESS = (take_due_actions.kind, request_refunds.kind)
"""The kinds that `manage.py run_deadlines` replaces, for `DEADLINES_IN_SERVER=off`."""
