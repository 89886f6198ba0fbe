"""Applying the events that payment providers report. Events can arrive in any order and more than once."""

import hashlib
from dataclasses import dataclass

import structlog
from django.db import IntegrityError

from conversations.flows.errors import ConversationClosed, WrongState
from conversations.locking import lock_conversation
from conversations.models import Conversation
from deals.models import PaymentEvent, PaymentOrder, PaymentStatus
from deals.payments.provider import ProviderEvent
from deals.transitions import apply_system_action
from foundation import clock
from foundation.errors import Invalid, NotFound
from foundation.json import to_json
from realtime import unit_of_work

log = structlog.get_logger(__name__)

VERIFIED = "payment_verified"


@dataclass(frozen=True, kw_only=True)
class AppliedPaymentEvent:
    """An applied event. `repeated` is True if an event with the same id and content was applied before."""

    order: PaymentOrder
    repeated: bool


def apply_event(provider: str, event: ProviderEvent) -> AppliedPaymentEvent | None:
    """Apply an event to its order, and to the conversation if the order is paid. Returns None for a partial refund.

    Raises `NotFound` for an unknown order. Raises `Invalid` if the amount is not the order's, or if the event id was
    used for another event.
    """
    found = _order_of(provider, event)
    with unit_of_work():
        conversation = lock_conversation(found.conversation_id)
        order = PaymentOrder.objects.select_related("offer").get(pk=found.pk)
        if not _is_full_amount(order, event):
            return None
        if not _record_event(order, event):
            return AppliedPaymentEvent(order=order, repeated=True)
        before = PaymentStatus(order.status)
        order.status = before.merged_with(event.status)
        order.save(update_fields=["status"])
        if order.status is PaymentStatus.REFUNDED and order.refund_due_at:
            order.refund_due_at = None  # the provider would reject a second refund
            order.save(update_fields=["refund_due_at"])
        if order.status is PaymentStatus.PAID and before is not PaymentStatus.PAID:
            _apply_payment(conversation, order)
    return AppliedPaymentEvent(order=order, repeated=False)


def _order_of(provider: str, event: ProviderEvent) -> PaymentOrder:
    order = PaymentOrder.objects.filter(pk=event.order_id, provider=provider).first() if event.order_id else None
    if order is None or (event.reference and order.reference not in {"", event.reference}):
        raise NotFound("There is no such order.")
    return order


def _is_full_amount(order: PaymentOrder, event: ProviderEvent) -> bool:
    """Return True if the event is about the full amount, and False for a partial refund. Raise `Invalid` for other
    amounts."""
    offer = order.offer
    if event.currency == offer.currency:
        if event.amount == offer.amount:
            return True
        if event.status is PaymentStatus.REFUNDED and event.amount < offer.amount:
            log.info("partial_refund", order=str(order.pk), event_id=event.id, amount=event.amount)
            return False
    log.warning("payment_amount_mismatch", order=str(order.pk), event_id=event.id)
    raise Invalid(errors={"amount": ["This is not the amount of the order."]})


def _record_event(order: PaymentOrder, event: ProviderEvent) -> bool:
    """Store an event and return whether it is new. Raises `Invalid` if its id was used for another event."""
    content = to_json([event.status, order.pk, event.amount, event.currency])
    fingerprint = hashlib.sha256(content.encode()).hexdigest()
    try:
        with unit_of_work():
            PaymentEvent.objects.create(
                order=order, provider=order.provider, event_id=event.id, status=event.status, fingerprint=fingerprint
            )
    except IntegrityError:
        known = PaymentEvent.objects.get(provider=order.provider, event_id=event.id)
        if known.fingerprint != fingerprint:
            raise Invalid(errors={"id": ["This event id was used for another event."]}) from None
        return False
    return True


def _apply_payment(conversation: Conversation, order: PaymentOrder) -> None:
    """Take the system action of a payment, or request a refund if the conversation no longer waits for the payment."""
    try:
        apply_system_action(conversation, VERIFIED)
    except (ConversationClosed, WrongState):
        order.refund_due_at = clock.now()
        order.save(update_fields=["refund_due_at"])
