"""Sending refunds to the payment providers. Each refund has a task, which tries until the provider has answered."""

import uuid
from functools import partial

import structlog

from conversations.locking import lock_conversation
from deals.models import PaymentOrder, Refund
from deals.payments import ProviderEvent, ProviderFailed, ProviderRefused, get_provider, provider_calls
from deals.payments.ledger import read_ledger
from deals.payments.notices import notify_both
from deals.payments.payment_events import apply_event
from deals.payments.refund_requests import schedule_refund
from deals.payments.undecided import leave_undecided
from foundation import clock
from foundation.errors import NotFound
from realtime import unit_of_work

log = structlog.get_logger(__name__)

ORDERS_PER_ROUND = 100


def request_refund(refund_id: uuid.UUID) -> None:
    """Send a refund to its provider, unless it was accepted or dropped. The caller must not be in a transaction.

    Raises `ProviderFailed` if the provider does not respond. If it is then sent again, or if this process ends before
    the result is stored, the provider still makes one refund.
    """
    refund = (
        Refund.objects.select_related("order__offer").filter(pk=refund_id, accepted_at=None, dropped_at=None).first()
    )
    if refund is None:
        return
    try:
        event = provider_calls.call(("refund", refund.pk), partial(_refund, refund))
    except ProviderRefused as error:
        _reject(refund, error)
        return
    with unit_of_work():
        apply_event(refund.order.provider, event)
        Refund.objects.filter(pk=refund.pk).update(accepted_at=clock.now(), dropped_at=None)


def _refund(refund: Refund) -> ProviderEvent:
    try:
        provider = get_provider(refund.order.provider)
    except NotFound as error:
        raise ProviderFailed(str(error)) from error
    return provider.refund(refund)


def _reject(refund: Refund, error: ProviderRefused) -> None:
    """Store that a provider rejects a refund, tell both parties, and let an operator decide again."""
    log.error("refund_rejected", refund=str(refund.pk), order=str(refund.order_id), error=str(error))
    with unit_of_work():
        conversation = lock_conversation(refund.order.conversation_id)
        if Refund.objects.filter(pk=refund.pk, dropped_at=None).update(dropped_at=clock.now()):
            order = PaymentOrder.objects.select_related("offer").get(pk=refund.order_id)
            notify_both(conversation, order, "refund_failed", amount=refund.amount)
            leave_undecided(conversation, order, read_ledger(order), cause="refund_rejected")


def take_over_refunds() -> None:
    """Continue the refunds that release 0.1.0 stored in the orders, with the same idempotency keys."""
    stored = PaymentOrder.objects.filter(refund_due_at__isnull=False, refund_requested_at=None)
    for order in stored.select_related("offer").order_by("refund_due_at")[:ORDERS_PER_ROUND]:
        with unit_of_work():
            lock_conversation(order.conversation_id)
            if read_ledger(order).remaining > 0:
                schedule_refund(order, order.offer.amount, refund_id=order.pk)
            PaymentOrder.objects.filter(pk=order.pk).update(refund_due_at=None)
