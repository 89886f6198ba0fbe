"""Reads of receipts: what was paid and refunded, from the orders of a conversation and their events."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from accounts.models import User
from conversations.flows import Role
from conversations.models import Conversation
from deals.models import PaymentEvent, PaymentOrder, PaymentStatus
from deals.receipts.errors import NothingPaid
from foundation import clock


@dataclass(frozen=True, kw_only=True)
class Refund:
    """Money that went back to the payer. `amount` is in minor units."""

    amount: int
    at: datetime


@dataclass(frozen=True, kw_only=True)
class PaidOrder:
    """An order that was paid. `amount` is in minor units; `reference` is the provider's id of the order."""

    id: uuid.UUID
    provider: str
    reference: str
    amount: int
    paid_at: datetime
    refunds: tuple[Refund, ...]

    @property
    def refunded(self) -> int:
        return sum(refund.amount for refund in self.refunds)


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What was paid and refunded in one conversation, in its currency. It is the same for both participants."""

    conversation: Conversation
    brand_owner: User | None
    influencer: User | None
    orders: tuple[PaidOrder, ...]
    issued_at: datetime

    @property
    def currency(self) -> str:
        return self.conversation.currency

    @property
    def paid(self) -> int:
        return sum(order.amount for order in self.orders)

    @property
    def refunded(self) -> int:
        return sum(order.refunded for order in self.orders)

    @property
    def remaining(self) -> int:
        return self.paid - self.refunded


def load_receipt(conversation: Conversation) -> Receipt:
    """Return the receipt of a conversation. Raises `NothingPaid`."""
    orders = paid_orders(conversation)
    if not orders:
        raise NothingPaid
    people = {one.role: one.user for one in conversation.participants.select_related("user")}
    return Receipt(
        conversation=conversation,
        brand_owner=people.get(Role.BRAND_OWNER.value),
        influencer=people.get(Role.INFLUENCER.value),
        orders=orders,
        issued_at=clock.now(),
    )


def paid_orders(conversation: Conversation) -> tuple[PaidOrder, ...]:
    """Return the orders whose payment was reported, in the order of their payments."""
    rows = PaymentOrder.objects.filter(conversation=conversation).select_related("offer").prefetch_related("events")
    found = [_paid_order(row) for row in rows]
    return tuple(sorted((one for one in found if one), key=lambda one: (one.paid_at, one.id)))


def _paid_order(order: PaymentOrder) -> PaidOrder | None:
    events = list(order.events.all())
    paid_at = _first(PaymentStatus.PAID, events)
    if paid_at is None:
        return None
    refunded_at = _first(PaymentStatus.REFUNDED, events)
    return PaidOrder(
        id=order.pk,
        provider=order.provider,
        reference=order.reference,
        amount=order.offer.amount,
        paid_at=paid_at,
        refunds=(Refund(amount=order.offer.amount, at=refunded_at),) if refunded_at else (),
    )


def _first(status: PaymentStatus, events: Iterable[PaymentEvent]) -> datetime | None:
    return min((event.created_at for event in events if event.status == status), default=None)
