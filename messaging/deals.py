"""How far a deal has come in money: the offers on the table, the price agreed on, and whether it is paid."""

from conversations.models import Conversation, Offer
from foundation.inputs import Shape, Timestamp


class OfferPayload(Shape):
    """`kind` is offer, counter or final, `amount` a decimal string; `accepted_at` is null while nobody accepted it."""

    number: int
    kind: str
    amount: str
    currency: str
    round: int
    proposer_role: str
    lapses_at: Timestamp | None
    accepted_at: Timestamp | None
    created_at: Timestamp

    @classmethod
    def of(cls, offer: Offer) -> "OfferPayload":
        acceptance = getattr(offer, "acceptance", None)
        return cls(
            number=offer.number,
            kind=offer.kind,
            amount=offer.price,
            currency=offer.currency,
            round=offer.round,
            proposer_role=offer.proposer_role,
            lapses_at=offer.lapses_at,
            accepted_at=acceptance.created_at if acceptance else None,
            created_at=offer.created_at,
        )


class DealPayload(Shape):
    """Both sides see the same. `payment_status` is open, failed, paid or refunded, null before there is an order."""

    currency: str
    offers: list[OfferPayload]
    agreed_price: str | None
    payment_status: str | None


class DealAnswer(Shape):
    deal: DealPayload


def deal_of(conversation: Conversation) -> DealPayload:
    """What stands in the ledger of a conversation; in one without offers, nothing."""
    rows = conversation.offers.select_related("acceptance").order_by("number")
    offers = [OfferPayload.of(row) for row in rows]
    orders = [order for order in conversation.payment_orders.all() if not order.is_unopened]
    return DealPayload(
        currency=conversation.currency,
        offers=offers,
        agreed_price=next((one.amount for one in offers if one.accepted_at), None),
        payment_status=orders[-1].status if orders else None,
    )
