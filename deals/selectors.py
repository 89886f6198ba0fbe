"""Reads of deals."""

from collections.abc import Callable, Sequence
from typing import Any

from conversations.flows import Role, available_actions, stages
from conversations.models import Conversation
from conversations.rendering import ViewedConversation
from deals.facts import OFFERS, facts_of
from deals.models import Deal
from deals.payloads import DealPayload, OfferPayload


def deal_summary(conversation: Conversation) -> DealPayload:
    """Return the offers, the agreed price and the payment status of a conversation. A direct conversation has none of
    these."""
    rows = conversation.offers.select_related("acceptance", "withdrawal").order_by("number")
    offers = [OfferPayload.of(row) for row in rows]
    orders = [order for order in conversation.payment_orders.all() if not order.is_unopened]
    return DealPayload(
        currency=conversation.currency,
        offers=offers,
        agreed_price=next((one.amount for one in offers if one.accepted_at), None),
        payment_status=orders[-1].status if orders else None,
        stages=stages(conversation.flow),
    )


def load_available_actions(conversations: Sequence[Conversation]) -> Callable[[ViewedConversation], dict[str, Any]]:
    """Load the part `available_actions` of conversation payloads (see `conversations.rendering`)."""
    have_deals = [one.pk for one in conversations if one.flow.has_actions]
    deals = Deal.objects.select_related(*OFFERS).in_bulk(have_deals)

    def render(view: ViewedConversation) -> dict[str, Any]:
        conversation = view.conversation
        facts = facts_of(conversation, deals.get(conversation.pk), view.participants)
        role = Role(view.own.role) if view.own else Role.OPERATOR
        return {"available_actions": available_actions(conversation.flow, conversation.flow_state, facts, role)}

    return render
