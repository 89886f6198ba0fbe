"""The tasks of deals: due deadlines and reminders, which `manage.py run_deadlines` does at once, and calls to payment
providers."""

import uuid
from datetime import timedelta

from django.conf import settings

from deals.deadlines import run_deadlines
from deals.payments import ProviderFailed, ProviderRefused, refunds
from deals.payments.orders import find_unopened, open_at_provider, store_outcome
from tasks import TaskFailed, recurring_task, task

REFUND_ATTEMPTS = 60
"""The attempts to request a refund: over about six weeks, because a refund that is not made is owed."""


def _interval() -> timedelta:
    return timedelta(seconds=settings.DEADLINE_SECONDS)


@recurring_task(every=_interval, time_limit=timedelta(minutes=5))
def take_due_actions() -> None:
    """Take the system actions and send the reminders that are due."""
    run_deadlines()


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


@task(key=("refund_id",), time_limit=timedelta(minutes=2), max_attempts=REFUND_ATTEMPTS)
def request_refund(refund_id: uuid.UUID) -> None:
    """Send a refund to its provider. `receivers` enqueues it with each refund."""
    try:
        refunds.request_refund(refund_id)
    except ProviderFailed as error:
        raise TaskFailed(str(error)) from error


@recurring_task(every=timedelta(minutes=10), time_limit=timedelta(minutes=5))
def take_over_refunds() -> None:
    """Continue the refunds of release 0.1.0, whose processes can run until the end of an upgrade."""
    refunds.take_over_refunds()
