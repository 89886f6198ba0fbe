"""Sending refunds to the payment providers, until they accept or reject them."""

import random
from datetime import timedelta
from functools import partial
from itertools import takewhile

import structlog
from django.db.models import QuerySet

from accounts.models import SYSTEM_USER_ID
from conversations.locking import lock_conversation
from deals.models import PaymentOrder, Refund
from deals.payments import ProviderEvent, ProviderFailed, ProviderRefused, get_provider, provider_calls
from deals.payments.ledger import read_ledger
from deals.payments.notices import notify_both
from deals.payments.payment_events import apply_event
from deals.payments.undecided import leave_undecided
from foundation import clock
from foundation.errors import NotFound
from realtime import unit_of_work

log = structlog.get_logger(__name__)

FIRST_RETRY, LONGEST_RETRY = timedelta(minutes=5), timedelta(days=1)
REFUNDS_PER_ROUND = 20


def request_refund(refund: Refund) -> bool:
    """Send a refund to its provider, and return whether the provider accepted or rejected it.

    If the provider does not respond, or if this process ends before the result is stored, it is sent again later, with
    the same idempotency key. The caller must not be in a transaction.
    """
    if not _claim(refund):
        return False
    try:
        event = provider_calls.call(("refund", refund.pk), partial(_refund, refund))
    except ProviderRefused as error:
        _reject(refund, error)
        return True
    except (ProviderFailed, NotFound) as error:
        log.warning("refund_not_requested", refund=str(refund.pk), order=str(refund.order_id), error=str(error))
        return False
    # The event is applied first: if this process ends before the update, the refund is sent again.
    apply_event(refund.order.provider, event)
    Refund.objects.filter(pk=refund.pk).update(accepted_at=clock.now(), dropped_at=None)
    return True


def _claim(refund: Refund) -> bool:
    """Set the time of the next attempt, and return whether this process makes the present attempt."""
    delay = min(LONGEST_RETRY, FIRST_RETRY * 2 ** min(refund.attempts, 10))
    next_attempt = clock.now() + delay * random.uniform(0.5, 1)  # noqa: S311 (spreads the attempts)
    waiting = Refund.objects.filter(pk=refund.pk, attempts=refund.attempts, accepted_at=None, dropped_at=None)
    return bool(waiting.update(due_at=next_attempt, attempts=refund.attempts + 1))


def _refund(refund: Refund) -> ProviderEvent:
    order = refund.order
    return get_provider(order.provider).refund(order, refund.amount, f"refund-{refund.pk}")


def _reject(refund: Refund, error: ProviderRefused) -> None:
    """Store that a provider rejects a refund, tell both parties, and let an operator decide again."""
    log.error("refund_rejected", refund=str(refund.pk), order=str(refund.order_id), error=str(error))
    with unit_of_work():
        conversation = lock_conversation(refund.order.conversation_id)
        if Refund.objects.filter(pk=refund.pk, dropped_at=None).update(dropped_at=clock.now()):
            order = PaymentOrder.objects.select_related("offer").get(pk=refund.order_id)
            notify_both(conversation, order, "refund_failed", amount=refund.amount)
            leave_undecided(conversation, order, read_ledger(order), cause="refund_rejected")


def request_refunds_of(order: PaymentOrder) -> None:
    """Send the refunds of an order that are due. The caller must not be in a transaction."""
    for refund in _due().filter(order=order):
        request_refund(refund)


def request_due_refunds() -> int:
    """Send the refunds that are due. Returns how many the providers accepted or rejected.

    The first failure ends the round, because further requests to an unreachable provider would delay other tasks.
    """
    _adopt_stored_by_0_1()
    return sum(takewhile(bool, map(request_refund, _due()[:REFUNDS_PER_ROUND])))


def _due() -> QuerySet[Refund]:
    due = Refund.objects.filter(due_at__lte=clock.now(), accepted_at=None, dropped_at=None)
    return due.select_related("order__offer").order_by("due_at")


def _adopt_stored_by_0_1() -> None:
    """Continue the refunds that release 0.1.0 stored in the orders, with the same idempotency keys."""
    stored = PaymentOrder.objects.filter(refund_due_at__lte=clock.now(), refund_requested_at=None)
    for order in stored.select_related("offer")[:REFUNDS_PER_ROUND]:
        with unit_of_work():
            lock_conversation(order.conversation_id)
            Refund.objects.get_or_create(
                pk=order.pk, defaults={"order": order, "amount": order.offer.amount, "requester_id": SYSTEM_USER_ID}
            )
            PaymentOrder.objects.filter(pk=order.pk).update(refund_due_at=None)
