"""The models of deals, offers and their acceptance or withdrawal, deliveries, revisions, and payments."""

from deals.models.deal import Deal
from deals.models.offers import Acceptance, Offer, Withdrawal
from deals.models.payments import (
    FINISHED,
    PaymentDecision,
    PaymentEvent,
    PaymentEventKind,
    PaymentOrder,
    PaymentStatus,
    Refund,
)
from deals.models.work import Delivery, Revision

__all__ = [
    "FINISHED",
    "Acceptance",
    "Deal",
    "Delivery",
    "Offer",
    "PaymentDecision",
    "PaymentEvent",
    "PaymentEventKind",
    "PaymentOrder",
    "PaymentStatus",
    "Refund",
    "Revision",
    "Withdrawal",
]
