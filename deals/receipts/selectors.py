"""Reads of receipts: what was paid and refunded, from the orders of a conversation and their events."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from accounts.models import User
from conversations.flows import Role
from conversations.models import Conversation
from deals.models import PaymentEvent, PaymentEventKind, PaymentOrder
from deals.payments.ledger import Dispute, Ledger, add_up, refund_changes
from deals.receipts.errors import NothingPaid
from foundation import clock


@dataclass(frozen=True, kw_only=True)
class Repayment:
    """Money that went back to the payer, by a refund or by a lost dispute. `amount` is in minor units."""

    amount: int
    at: datetime
    is_dispute: bool = False


@dataclass(frozen=True, kw_only=True)
class PaidOrder:
    """An order that was paid. `amount` is in minor units; `reference` is the provider's id of the order."""

    id: uuid.UUID
    provider: str
    reference: str
    amount: int
    paid_at: datetime
    refunds: tuple[Repayment, ...]

    @property
    def refunded(self) -> int:
        return sum(refund.amount for refund in self.refunds if not refund.is_dispute)

    @property
    def disputed(self) -> int:
        """What a lost dispute took back."""
        return sum(refund.amount for refund in self.refunds if refund.is_dispute)


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
    def disputed(self) -> int:
        return sum(order.disputed for order in self.orders)

    @property
    def remaining(self) -> int:
        return self.paid - self.refunded - self.disputed


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
    """Return the orders whose payment is known, in the order of their payments."""
    rows = PaymentOrder.objects.filter(conversation=conversation).select_related("offer").prefetch_related("events")
    found = [_paid_order(row) for row in rows]
    return tuple(sorted((one for one in found if one), key=lambda one: (one.paid_at, one.id)))


def _paid_order(order: PaymentOrder) -> PaidOrder | None:
    events, price = list(order.events.all()), order.offer.amount
    ledger = add_up(price, events)
    if not ledger.is_paid:
        return None
    paid = [event for event in events if event.kind == PaymentEventKind.PAID]
    return PaidOrder(
        id=order.pk,
        provider=order.provider,
        reference=order.reference,
        amount=price,
        paid_at=min(map(_moment, paid or events)),
        refunds=(*_refunds(price, events), *_lost(ledger, events)),
    )


def _refunds(price: int, events: Sequence[PaymentEvent]) -> list[Repayment]:
    """Return the refunds of an order. Failed refunds are taken out, the newest refunds first."""
    found: list[Repayment] = []
    for event, change in refund_changes(price, events):
        if change > 0:
            found.append(Repayment(amount=change, at=_moment(event)))
        else:
            _take_out(found, -change)
    return found


def _take_out(refunds: list[Repayment], failed: int) -> None:
    while failed and refunds:
        last = refunds.pop()
        if last.amount > failed:
            refunds.append(replace(last, amount=last.amount - failed))
        failed -= min(failed, last.amount)


def _lost(ledger: Ledger, events: Sequence[PaymentEvent]) -> list[Repayment]:
    """Return what a lost dispute took back: all that was not refunded."""
    amount = ledger.paid - ledger.refunded
    if ledger.dispute is not Dispute.LOST or not amount:
        return []
    lost = (_moment(event) for event in events if event.kind == PaymentEventKind.DISPUTE_LOST)
    return [Repayment(amount=amount, at=max(lost), is_dispute=True)]


def _moment(event: PaymentEvent) -> datetime:
    return event.occurred_at or event.created_at
