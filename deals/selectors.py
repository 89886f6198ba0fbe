"""Reads of deals."""

from collections.abc import Callable, Sequence
from typing import Any

from conversations.flows import Role, available_actions, stage_of, stages
from conversations.flows.money import format_price
from conversations.models import Conversation
from conversations.rendering import ViewedConversation
from deals.facts import OFFERS, facts_of
from deals.models import Deal
from deals.payloads import DealPayload, OfferPayload
from deals.payments.ledger import read_ledger


def deal_summary(conversation: Conversation) -> DealPayload:
    """Return the offers, the agreed price and the payment status of a conversation. A direct conversation has none of
    these."""
    rows = conversation.offers.select_related("acceptance", "withdrawal").order_by("number")
    offers = [OfferPayload.of(row) for row in rows]
    return DealPayload(
        currency=conversation.currency,
        offers=offers,
        agreed_price=next((one.amount for one in offers if one.accepted_at), None),
        stages=stages(conversation.flow),
        reached=_reached(conversation),
        **_payment_members(conversation),
    )


def _reached(conversation: Conversation) -> int | None:
    """Return the position of the current stage. In a closed deal, which has none, the stage before the last transition
    counts."""
    stage = stage_of(conversation.flow, conversation.flow_state)
    if stage is None or stage.position is not None:
        return stage.position if stage else None
    states = conversation.transitions.exclude(from_state=None).values_list("from_state__flow_state", flat=True)
    before = stage_of(conversation.flow, str(states.last()))
    return before.position if before else None


def _payment_members(conversation: Conversation) -> dict[str, Any]:
    """Return what all orders of a conversation add up to, and the newest order."""
    orders = conversation.payment_orders.select_related("offer").prefetch_related("events")
    opened = [order for order in orders if not order.is_unopened]
    ledgers = [read_ledger(order) for order in opened]
    current = next((order for order in reversed(opened) if not order.replaced), None)
    return {
        "payment_status": current.status if current else None,
        "order_id": current.pk if current else None,
        "paid_amount": format_price(sum(one.paid for one in ledgers), conversation.currency),
        "refunded_amount": format_price(sum(one.refunded for one in ledgers), conversation.currency),
        "dispute": next((one.dispute for one in reversed(ledgers) if one.dispute), None),
    }


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
