"""Conversations, who takes part, every step of their flow, and what is agreed, paid and delivered in it."""

from conversations.models.conversation import (
    Conversation,
    ConversationView,
    Participant,
    Place,
    Transition,
    room_of,
)
from conversations.models.deal import Acceptance, Delivery, Offer, Revision
from conversations.models.payment import PaymentEvent, PaymentOrder, PaymentStatus

__all__ = [
    "Acceptance",
    "Conversation",
    "ConversationView",
    "Delivery",
    "Offer",
    "Participant",
    "PaymentEvent",
    "PaymentOrder",
    "PaymentStatus",
    "Place",
    "Revision",
    "Transition",
    "room_of",
]
