"""Refunds of payments that arrived after the conversation stopped waiting for them."""

from datetime import timedelta
from functools import partial
from itertools import takewhile

from deals.models import PaymentOrder
from deals.payments import ProviderEvent, get_provider, provider_calls
from deals.payments.orders import log_failure
from deals.payments.payment_events import apply_event
from foundation import clock

REFUND_RETRY_DELAY = timedelta(minutes=5)
REFUNDS_PER_ROUND = 20


def request_refund(order: PaymentOrder) -> bool:
    """Request a refund and return whether the provider accepted it.

    If it did not, or if this process ends before the result is stored, the refund is requested again later.
    """
    waiting = PaymentOrder.objects.filter(pk=order.pk, refund_due_at=order.refund_due_at, refund_requested_at=None)
    if not waiting.update(refund_due_at=clock.now() + REFUND_RETRY_DELAY):
        return False  # another process requests it
    with log_failure(order, "refund_not_requested"):
        event = provider_calls.call(("refund", order.pk), partial(_refund, order))
        order.refund_requested_at = clock.now()
    if order.refund_requested_at is None:
        return False
    # The event is applied first: if this process ends before the update, the refund is requested again.
    if event is not None:
        apply_event(order.provider, event)
    PaymentOrder.objects.filter(pk=order.pk).update(refund_requested_at=order.refund_requested_at)
    return True


def _refund(order: PaymentOrder) -> ProviderEvent | None:
    return get_provider(order.provider).refund(order)


def request_due_refunds() -> int:
    """Request the refunds that are due. Returns how many the providers accepted.

    The first failure ends the round, because further requests to an unreachable provider would delay other tasks.
    """
    due = PaymentOrder.objects.filter(refund_due_at__lte=clock.now(), refund_requested_at=None).select_related("offer")
    return sum(takewhile(bool, map(request_refund, due.order_by("refund_due_at")[:REFUNDS_PER_ROUND])))
