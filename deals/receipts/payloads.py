"""Payloads of receipts."""

from typing import Literal

from accounts.models import User
from accounts.payloads import PersonPayload
from conversations.flows.money import format_price
from deals.receipts.selectors import PaidOrder, Receipt, Repayment
from foundation.schemas import Id, Schema, Timestamp


class RefundPayload(Schema):
    """Money that went back to the payer, by a refund or by a lost dispute. `amount` is a decimal string."""

    cause: Literal["refund", "dispute"]
    amount: str
    refunded_at: Timestamp


class PaidOrderPayload(Schema):
    """An order that was paid, with its refunds. `order_id` is the order's number, `amount` a decimal string.

    `reference` is the payment provider's id of the order, or empty.
    """

    order_id: Id
    provider: str
    reference: str
    amount: str
    paid_at: Timestamp
    refunds: list[RefundPayload]

    @classmethod
    def of(cls, order: PaidOrder, currency: str) -> "PaidOrderPayload":
        return cls(
            order_id=order.id,
            provider=order.provider,
            reference=order.reference,
            amount=format_price(order.amount, currency),
            paid_at=order.paid_at,
            refunds=[_refund(one, currency) for one in order.refunds],
        )


class ReceiptPayload(Schema):
    """What was paid and refunded in a conversation, the same for both parties. It is not an invoice.

    All amounts are decimal strings in `currency`: the sums of what was paid, refunded, and taken back by lost disputes,
    and what remains.
    """

    conversation_id: Id
    title: str
    brand_owner: PersonPayload | None
    influencer: PersonPayload | None
    currency: str
    orders: list[PaidOrderPayload]
    paid_amount: str
    refunded_amount: str
    disputed_amount: str
    remaining_amount: str
    issued_at: Timestamp

    @classmethod
    def of(cls, receipt: Receipt) -> "ReceiptPayload":
        return cls(
            conversation_id=receipt.conversation.pk,
            title=receipt.conversation.title,
            brand_owner=_person(receipt.brand_owner),
            influencer=_person(receipt.influencer),
            currency=receipt.currency,
            orders=[PaidOrderPayload.of(one, receipt.currency) for one in receipt.orders],
            paid_amount=format_price(receipt.paid, receipt.currency),
            refunded_amount=format_price(receipt.refunded, receipt.currency),
            disputed_amount=format_price(receipt.disputed, receipt.currency),
            remaining_amount=format_price(receipt.remaining, receipt.currency),
            issued_at=receipt.issued_at,
        )


def _refund(refund: Repayment, currency: str) -> RefundPayload:
    return RefundPayload(
        cause="dispute" if refund.is_dispute else "refund",
        amount=format_price(refund.amount, currency),
        refunded_at=refund.at,
    )


def _person(user: User | None) -> PersonPayload | None:
    return PersonPayload.model_validate(user) if user else None
