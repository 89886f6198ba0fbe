"""What the flow engine needs to know of a stored deal."""

import dataclasses
from collections.abc import Iterable

from conversations import flows
from conversations.flows import Facts, OfferKind, Role
from conversations.models import Conversation, Participant
from deals.models import Deal, Offer


def find_deal(conversation: Conversation) -> Deal | None:
    """The deal of a conversation with its last offer, if there is one."""
    if not conversation.flow.has_actions:
        return None
    deal = Deal.objects.select_related("last_offer").filter(pk=conversation.pk).first()
    if deal is not None:
        deal.conversation = conversation
    return deal


def deal_to_change(conversation: Conversation) -> Deal | None:
    """As `find_deal`, for a conversation that is locked: created where its flow has got actions since it was opened."""
    deal = find_deal(conversation)
    if deal is None and conversation.flow.has_actions:
        deal = Deal.objects.create(conversation=conversation)
    return deal


def facts_of(conversation: Conversation, deal: Deal | None, participants: Iterable[Participant]) -> Facts:
    """`participants` are both sides with their users. For a decision the conversation has to be locked."""
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
    return dataclasses.replace(
        facts,
        proposed=deal.proposed_amount,
        last_offer=_offer(deal.last_offer) if deal.last_offer else None,
        revisions_used=deal.revisions_used,
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
