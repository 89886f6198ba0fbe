"""The models of deals, offers and their acceptance or withdrawal, deliveries, revisions, and payments."""

from deals.models.deal import Deal
from deals.models.offers import Acceptance, Offer, Withdrawal
from deals.models.payments import PaymentEvent, PaymentOrder, PaymentStatus
from deals.models.work import Delivery, Revision

__all__ = [
    "Acceptance",
    "Deal",
    "Delivery",
    "Offer",
    "PaymentEvent",
    "PaymentOrder",
    "PaymentStatus",
    "Revision",
    "Withdrawal",
]
