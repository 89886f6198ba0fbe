"""Payment orders: opened for an accepted offer, and moved by what the provider says, in whatever order it comes.

The conversation's lock guards its orders as well. Providers are asked outside of any transaction.
"""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import takewhile

import structlog
from django.db import IntegrityError

from accounts.models import User
from conversations import flows
from conversations.flows.errors import ConversationClosed, WrongState
from conversations.locking import lock_conversation
from conversations.models import Conversation
from deals import payments
from deals.models import Offer, PaymentEvent, PaymentOrder, PaymentStatus
from deals.payments import (
    OpenedOrder,
    ProviderEvent,
    ProviderFailed,
    default_provider,
    get_provider,
    provider_calls,
)
from deals.transitions import apply_system_action
from foundation import clock
from foundation.errors import Forbidden, Invalid, NotFound
from foundation.ids import parse_id
from foundation.json import to_json
from realtime import unit_of_work

log = structlog.get_logger(__name__)

VERIFIED = "payment_verified"
REFUND_RETRY_DELAY = timedelta(minutes=5)
REFUNDS_PER_ROUND = 20


def get_or_create_order(
    conversation: Conversation, offer: flows.Offer, payer: User, action: str
) -> tuple[PaymentOrder, bool]:
    """The order to pay an accepted offer, and whether it is a new one; `action` opens it. The conversation is locked.

    An order that was refunded is over: there is a new one instead. Raises `PaymentUnavailable` where no provider is
    set up.
    """
    orders = PaymentOrder.objects.select_related("offer").filter(offer_id=offer.id)
    order = orders.exclude(status=PaymentStatus.REFUNDED).first()
    if order is not None:
        return order, False
    order = PaymentOrder.objects.create(
        conversation=conversation,
        offer=Offer.objects.get(pk=offer.id),
        payer=payer,
        provider=default_provider(),
        action=action,
        state_version=conversation.state_version,
    )
    return order, True


def open_at_provider(order: PaymentOrder) -> OpenedOrder | None:
    """The order as its provider has opened it; None where that does not answer. This thread waits for it."""
    with _log_failure(order, "order_not_opened"):
        return provider_calls.call(("open", order.pk), partial(_open, order))
    return None


async def aopen_at_provider(order: PaymentOrder) -> OpenedOrder | None:
    with _log_failure(order, "order_not_opened"):
        return await provider_calls.acall(("open", order.pk), partial(_open, order))
    return None


def _open(order: PaymentOrder) -> OpenedOrder:
    return get_provider(order.provider).open(order)


@contextmanager
def _log_failure(order: PaymentOrder, log_event: str) -> Iterator[None]:
    try:
        yield
    except (ProviderFailed, NotFound) as fault:
        log.warning(log_event, provider=order.provider, order=str(order.pk), error=str(fault))


def store_opened(order: PaymentOrder, at_provider: OpenedOrder) -> None:
    """Store what the provider answered. What was stored before stays: somebody may be paying by that."""
    with unit_of_work():
        lock_conversation(order.conversation_id)
        unopened = PaymentOrder.objects.filter(pk=order.pk, reference="")
        unopened.update(reference=at_provider.reference, pay=dict(at_provider.pay))


@dataclass(frozen=True, kw_only=True)
class AppliedPaymentEvent:
    """`repeated` where the provider had said the same under the same id before."""

    order: PaymentOrder
    repeated: bool


def handle_webhook(*, provider: str, body: bytes, headers: Mapping[str, str]) -> AppliedPaymentEvent | None:
    """Take what a provider sends, however late, often and out of order; None where it does not concern us.

    Raises `NotFound` for an unknown provider or order, `Forbidden` for a wrong signature, `Invalid` for an amount
    that is not the order's and for an event id that was used for something else.
    """
    event = get_provider(provider).verify(body, headers)
    return _apply_event(provider, event) if event else None


def _apply_event(provider: str, event: ProviderEvent) -> AppliedPaymentEvent | None:
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
            order.refund_due_at = None  # whoever asked for it: the provider would refuse a second one
            order.save(update_fields=["refund_due_at"])
        if order.status is PaymentStatus.PAID and before is not PaymentStatus.PAID:
            _apply_payment(conversation, order)
    if order.refund_due_at and not order.refund_requested_at:
        request_refund(order)
    return AppliedPaymentEvent(order=order, repeated=False)


def _order_of(provider: str, event: ProviderEvent) -> PaymentOrder:
    order = PaymentOrder.objects.filter(pk=event.order_id, provider=provider).first() if event.order_id else None
    if order is None or (event.reference and order.reference not in {"", event.reference}):
        raise NotFound("There is no such order.")
    return order


def _is_full_amount(order: PaymentOrder, event: ProviderEvent) -> bool:
    """Whether it concerns the whole amount. A refund of a part changes nothing; any other amount is `Invalid`."""
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
    """Whether the event is new. Raises `Invalid` where its id was used for something else."""
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
            raise Invalid(errors={"id": ["This event id was used for something else."]}) from None
        return False
    return True


def _apply_payment(conversation: Conversation, order: PaymentOrder) -> None:
    """The conversation goes on; a payment that it has no use for any more goes back."""
    try:
        apply_system_action(conversation, VERIFIED)
    except (ConversationClosed, WrongState):
        order.refund_due_at = clock.now()
        order.save(update_fields=["refund_due_at"])


def request_refund(order: PaymentOrder) -> bool:
    """Whether the provider took it. If not, or if this process ends meanwhile, it is asked again later."""
    waiting = PaymentOrder.objects.filter(pk=order.pk, refund_due_at=order.refund_due_at, refund_requested_at=None)
    if not waiting.update(refund_due_at=clock.now() + REFUND_RETRY_DELAY):
        return False  # another process is at it
    with _log_failure(order, "refund_not_requested"):
        event = provider_calls.call(("refund", order.pk), partial(_refund, order))
        order.refund_requested_at = clock.now()
    if order.refund_requested_at is None:
        return False
    # First what it says: where this process ends in between, it is asked once more.
    if event is not None:
        _apply_event(order.provider, event)
    PaymentOrder.objects.filter(pk=order.pk).update(refund_requested_at=order.refund_requested_at)
    return True


def _refund(order: PaymentOrder) -> ProviderEvent | None:
    return get_provider(order.provider).refund(order)


def request_due_refunds() -> int:
    """Ask for the refunds that providers have not taken yet; answers how many they took.

    After the first that is not taken the others wait for the next round: there is more to do than to wait for a
    provider that is away.
    """
    due = PaymentOrder.objects.filter(refund_due_at__lte=clock.now(), refund_requested_at=None).select_related("offer")
    return sum(takewhile(bool, map(request_refund, due.order_by("refund_due_at")[:REFUNDS_PER_ROUND])))


def pay_in_sandbox(*, user: User, order_id: object, kind: str) -> PaymentOrder:
    """Have the sandbox say of an order that it was paid, or something else. Only who is to pay it may.

    Raises `NotFound` where there is no such order, no sandbox, or the user does not take part.
    """
    sandbox = payments.sandbox()
    parsed = parse_id(order_id)
    orders = PaymentOrder.objects.select_related("offer").filter(provider=sandbox.name)
    order = orders.filter(pk=parsed).first() if parsed else None
    if order is None or not order.conversation.participants.filter(user=user, removed_at=None).exists():
        raise NotFound("There is no such order.")
    if order.payer_id != user.pk:
        raise Forbidden("Only who is to pay an order does this.")
    body, headers = sandbox.webhook(order, kind)
    handle_webhook(provider=sandbox.name, body=body, headers=headers)
    order.refresh_from_db()
    return order
