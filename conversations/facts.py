"""What the engine is told of a stored conversation."""

from collections.abc import Iterable

from conversations import flows
from conversations.flows import Facts, OfferKind, Role
from conversations.models import Conversation, Offer, Participant


def facts_of(conversation: Conversation, places: Iterable[Participant]) -> Facts:
    """`places` are both sides with their users. To be decided upon, the conversation has to be locked."""
    names = {place.role: place.user.name for place in places}
    return Facts(
        state_version=conversation.state_version,
        paused=conversation.paused,
        brand_owner=names.get(Role.BRAND_OWNER.value, ""),
        influencer=names.get(Role.INFLUENCER.value, ""),
        title=conversation.title,
        currency=conversation.currency,
        proposed=conversation.proposed_amount,
        last_offer=_told(conversation.last_offer) if conversation.last_offer else None,
        revisions_used=conversation.revisions_used,
    )


def _told(offer: Offer) -> flows.Offer:
    return flows.Offer(
        kind=OfferKind(offer.kind),
        amount=offer.amount,
        currency=offer.currency,
        round=offer.round,
        proposer=Role(offer.proposer_role),
        id=offer.pk,
        answers=offer.answers_id,
    )
