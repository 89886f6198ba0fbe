"""The facts about a stored deal that the flow engine needs."""

import dataclasses
from collections.abc import Iterable

from conversations import flows
from conversations.flows import Facts, OfferKind, Role
from conversations.models import Conversation, Participant
from deals.models import Deal, Offer

OFFERS = ("last_offer__answers", "withdrawn_offer")
"""The relations of a deal that `facts_of` reads."""


def find_deal(conversation: Conversation) -> Deal | None:
    """Return the deal of a conversation with its offers, or None if the conversation has no deal."""
    if not conversation.flow.has_actions:
        return None
    deal = Deal.objects.select_related(*OFFERS).filter(pk=conversation.pk).first()
    if deal is not None:
        deal.conversation = conversation
    return deal


def deal_to_change(conversation: Conversation) -> Deal | None:
    """Return the deal of a locked conversation, as `find_deal` does, and create it if it is missing.

    A deal is missing if an upgrade of the flow added the first actions after the conversation was opened.
    """
    deal = find_deal(conversation)
    if deal is None and conversation.flow.has_actions:
        deal = Deal.objects.create(conversation=conversation)
    return deal


def facts_of(conversation: Conversation, deal: Deal | None, participants: Iterable[Participant]) -> Facts:
    """Return the facts about a conversation for the flow engine.

    `participants` are both participants with their users. For a decision, the conversation must be locked.
    """
    names = {participant.role: participant.user.name for participant in participants}
    facts = Facts(
        state_version=conversation.state_version,
        paused=conversation.paused,
        brand_owner=names.get(Role.BRAND_OWNER.value, ""),
        influencer=names.get(Role.INFLUENCER.value, ""),
        title=conversation.title,
        currency=conversation.currency,
    )
    if deal is None:
        return facts
    answered = deal.last_offer and deal.last_offer.answers
    return dataclasses.replace(
        facts,
        proposed=deal.proposed_amount,
        last_offer=_offer(deal.last_offer) if deal.last_offer else None,
        earlier_offers=(_offer(answered),) if answered else (),
        withdrawn_offer=_offer(deal.withdrawn_offer) if deal.withdrawn_offer else None,
        offers_withdrawn=deal.offers_withdrawn,
        revisions_used=deal.revisions_used,
        interrupted_state=deal.interrupted_state or None,
    )


def _offer(row: Offer) -> flows.Offer:
    return flows.Offer(
        kind=OfferKind(row.kind),
        amount=row.amount,
        currency=row.currency,
        round=row.round,
        proposer=Role(row.proposer_role),
        id=row.pk,
        answers=row.answers_id,
    )
