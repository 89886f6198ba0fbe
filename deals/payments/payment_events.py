"""Applying the events that payment providers report. Events can arrive in any order and more than once."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from django.db import IntegrityError

from conversations.locking import lock_conversation
from deals.models import FINISHED, PaymentEvent, PaymentEventKind, PaymentOrder
from deals.payments.ledger import Ledger, ledger_of, status_of
from deals.payments.provider import ProviderEvent
from deals.payments.settlement import settle
from foundation.errors import Invalid, NotFound
from foundation.json import to_json
from realtime import unit_of_work

log = structlog.get_logger(__name__)

OF_PAYMENT = frozenset({PaymentEventKind.PAID, PaymentEventKind.FAILED, PaymentEventKind.CANCELED})
OF_REFUND = frozenset({PaymentEventKind.REFUNDED, PaymentEventKind.REFUND_FAILED})


@dataclass(frozen=True, kw_only=True)
class AppliedPaymentEvent:
    """An applied event. `repeated` is True if an event with the same id and content was applied before."""

    order: PaymentOrder
    repeated: bool


def apply_event(provider: str, event: ProviderEvent) -> AppliedPaymentEvent | None:
    """Apply an event to its order and to the deal. Returns None if it does not belong to an order of Stoory.

    Raises `NotFound` for an unknown order. Raises `Invalid` if the amount does not fit the order, or if the event id
    was used for another event.
    """
    found = _order_of(provider, event)
    if found is None:
        return None
    with unit_of_work():
        conversation = lock_conversation(found.conversation_id)
        order = PaymentOrder.objects.select_related("offer").get(pk=found.pk)
        _check_amount(order, event)
        earlier = list(order.events.all())
        recorded = _record_event(order, event)
        if recorded is None:
            return AppliedPaymentEvent(order=order, repeated=True)
        before, after = (ledger_of(order.offer.amount, events) for events in (earlier, [*earlier, recorded]))
        _update_status(order, after, [*earlier, recorded])
        settle(conversation=conversation, order=order, before=before, after=after)
    return AppliedPaymentEvent(order=order, repeated=False)


def _order_of(provider: str, event: ProviderEvent) -> PaymentOrder | None:
    """Return the order with the event's reference, else the order whose id the event contains.

    The reference decides. The event of an order that is being opened can arrive before its reference is stored. A
    provider can have payments that are not of Stoory: then there is no order.
    """
    orders = PaymentOrder.objects.filter(provider=provider)
    order = None
    if event.reference:
        order = orders.filter(reference=event.reference).first()
        orders = orders.filter(reference="")
    if order is None and event.order_id is not None:
        order = orders.filter(pk=event.order_id).first()
    if order is None and (event.order_id is not None or not event.reference):
        raise NotFound("There is no such order.")
    return order


def _check_amount(order: PaymentOrder, event: ProviderEvent) -> None:
    """A payment has the amount of the order, and a refund at most that amount. Disputes have any amount."""
    offer = order.offer
    is_other_currency = event.currency != offer.currency
    is_wrong_payment = event.kind in OF_PAYMENT and (is_other_currency or event.amount != offer.amount)
    is_wrong_refund = event.kind in OF_REFUND and (is_other_currency or event.amount > offer.amount)
    if is_wrong_payment or is_wrong_refund:
        log.warning("payment_amount_mismatch", order=str(order.pk), event_id=event.id)
        raise Invalid(errors={"amount": ["This is not the amount of the order."]})


def _record_event(order: PaymentOrder, event: ProviderEvent) -> PaymentEvent | None:
    """Store an event and return it, or None if it is stored. Raises `Invalid` if its id was used for another event."""
    content = [event.kind, order.pk, event.amount, event.currency, *filter(None, [event.item_id])]
    fingerprint = hashlib.sha256(to_json(content).encode()).hexdigest()
    try:
        with unit_of_work():
            return PaymentEvent.objects.create(
                order=order,
                provider=order.provider,
                event_id=event.id,
                kind=event.kind,
                amount=event.amount,
                item_id=event.item_id,
                is_total=event.is_total,
                occurred_at=event.occurred_at,
                fingerprint=fingerprint,
            )
    except IntegrityError:
        known = PaymentEvent.objects.get(provider=order.provider, event_id=event.id)
        if known.fingerprint != fingerprint:
            raise Invalid(errors={"id": ["This event id was used for another event."]}) from None
        return None


def _update_status(order: PaymentOrder, ledger: Ledger, events: Sequence[PaymentEvent]) -> None:
    """Store the status of an order. An offer has one order that can be paid, so an order does not take the place of its
    successor again."""
    before, order.status = order.status, status_of(ledger, events)
    if before in FINISHED and order.status not in FINISHED:
        others = PaymentOrder.objects.filter(offer=order.offer, replaced=False).exclude(pk=order.pk)
        order.replaced = order.replaced or others.exclude(status__in=FINISHED).exists()
    order.save(update_fields=["status", "replaced"])
