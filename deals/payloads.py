"""Payloads of offers, deals and payment orders."""

from typing import Any, Literal

from conversations.fixed_values import AwaitedRole
from conversations.flows.schemas import FlowStage
from deals.models import Offer, PaymentOrder, PaymentStatus
from foundation.schemas import Id, Schema, Timestamp

PaymentStatusName = Literal["open", "failed", "canceled", "paid", "refunded"]


class OfferPayload(Schema):
    """An offer. `kind` is offer, counter or final; `amount` is a decimal string.

    `accepted_at` and `withdrawn_at` are null if the offer is not accepted or withdrawn.
    """

    number: int
    kind: Literal["offer", "counter", "final"]
    amount: str
    currency: str
    round: int
    proposer_role: AwaitedRole
    lapses_at: Timestamp | None
    accepted_at: Timestamp | None
    withdrawn_at: Timestamp | None
    created_at: Timestamp

    @classmethod
    def of(cls, offer: Offer) -> "OfferPayload":
        acceptance, withdrawal = getattr(offer, "acceptance", None), getattr(offer, "withdrawal", None)
        return cls(
            number=offer.number,
            kind=offer.kind,
            amount=offer.price,
            currency=offer.currency,
            round=offer.round,
            proposer_role=offer.proposer_role,
            lapses_at=offer.lapses_at,
            accepted_at=acceptance.created_at if acceptance else None,
            withdrawn_at=withdrawal.created_at if withdrawal else None,
            created_at=offer.created_at,
        )


class DealPayload(Schema):
    """A deal, the same for both parties.

    `payment_status` is open, failed, canceled, paid or refunded, or null if there is no order; `order_id` identifies
    the order. `paid_amount` and `refunded_amount` are decimal strings. `dispute` is the state of a dispute about the
    payment: open, won or lost, or null. `stages` are the stages of the flow, in order. `reached` is the position of
    the current stage, or of the stage in which the deal was closed; null in a direct conversation.
    """

    currency: str
    offers: list[OfferPayload]
    agreed_price: str | None
    payment_status: PaymentStatusName | None
    order_id: Id | None
    paid_amount: str
    refunded_amount: str
    dispute: Literal["open", "won", "lost"] | None
    stages: list[FlowStage]
    reached: int | None


class PaymentPayload(Schema):
    """A payment order. `amount` is a decimal string, and `pay` contains the data that a client needs to pay.

    `status` is open, failed, canceled, paid or refunded. A canceled order cannot be paid, so its `pay` is empty.
    """

    order_id: Id
    provider: str
    amount: str
    currency: str
    status: PaymentStatusName
    pay: dict[str, Any]

    @classmethod
    def of(cls, order: PaymentOrder) -> "PaymentPayload":
        return cls(
            order_id=order.pk,
            provider=order.provider,
            amount=order.offer.price,
            currency=order.offer.currency,
            status=order.status,
            pay={} if order.status == PaymentStatus.CANCELED else order.pay,
        )
