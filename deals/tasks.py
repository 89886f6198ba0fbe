"""The tasks of deals: due deadlines, reminders and refunds, which `manage.py run_deadlines` does at once, and opening
orders."""

import uuid
from datetime import timedelta

from django.conf import settings

from deals.deadlines import run_deadlines
from deals.payments import ProviderFailed, ProviderRefused
from deals.payments.orders import find_unopened, open_at_provider, store_outcome
from deals.payments.refunds import request_due_refunds
from tasks import TaskFailed, recurring_task, task


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


@task(key=("order_id",), time_limit=timedelta(minutes=2))
def open_order(order_id: uuid.UUID) -> None:
    """Go on trying to open an order for which a request waited in vain. The next request finds the opened order."""
    order = find_unopened(order_id)
    if order is None:
        return
    outcome = open_at_provider(order)
    store_outcome(order, outcome)
    if isinstance(outcome, ProviderFailed) and not isinstance(outcome, ProviderRefused):
        raise TaskFailed(str(outcome))


IN_DEADLINE_PROCESS = (take_due_actions.kind, request_refunds.kind)
"""The kinds that `manage.py run_deadlines` replaces, for `DEADLINES_IN_SERVER=off`."""
