"""What the flow engine needs to know of a stored deal."""

import dataclasses
from collections.abc import Iterable

from conversations import flows
from conversations.flows import Facts, OfferKind, Role
from conversations.models import Conversation, Participant
from deals.models import Deal, Offer


def find_deal(conversation: Conversation) -> Deal | None:
    """The deal of a conversation with its last offer; None where its flow has no actions, so that there is none."""
    if not conversation.flow.has_actions:
        return None
    return Deal.objects.select_related("last_offer").get(pk=conversation.pk)


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
