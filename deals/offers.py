"""The hash chain of offers and withdrawals.

Each row contains the hash of the row before it, so changed, inserted and removed rows are detected.
"""

import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from accounts.models import User
from conversations import flows
from conversations.models import Conversation
from deals.models import Acceptance, Deal, Offer, Withdrawal
from foundation import clock
from foundation.json import to_json


def make_offer(*, deal: Deal, offer: flows.Offer, proposer: User, lapses_at: datetime | None) -> Offer:
    """Add an offer to the chain of a deal. The caller must have locked the conversation, and must save the deal."""
    before = deal.withdrawn_offer or deal.last_offer
    row = Offer(
        conversation=deal.conversation,
        number=before.number + 1 if before else 1,
        kind=offer.kind.value,
        amount=offer.amount,
        currency=offer.currency,
        round=offer.round,
        proposer=proposer,
        proposer_role=offer.proposer.value,
        answers_id=offer.answers,
        lapses_at=lapses_at,
        previous_hash=_end_of_chain(deal),
        created_at=clock.now(),
    )
    row.hash = hash_of(row)
    row.save()
    deal.last_offer, deal.withdrawn_offer = row, None
    return row


def _end_of_chain(deal: Deal) -> str:
    """Return the hash of the newest offer or withdrawal, or an empty string."""
    if deal.withdrawn_offer is not None:
        return Withdrawal.objects.filter(offer__conversation=deal.conversation).latest("pk").hash
    return deal.last_offer.hash if deal.last_offer else ""


def withdraw_offer(*, deal: Deal, withdrawer: User) -> Withdrawal:
    """Withdraw the last offer of a deal. The caller must have locked the conversation, and must save the deal."""
    offer = deal.last_offer
    assert offer is not None
    withdrawal = Withdrawal(
        offer=offer, withdrawer=withdrawer, previous_hash=_end_of_chain(deal), created_at=clock.now()
    )
    withdrawal.hash = hash_of_withdrawal(withdrawal)
    withdrawal.save()
    deal.last_offer, deal.withdrawn_offer = offer.answers, deal.withdrawn_offer or offer
    return withdrawal


def accept_offer(*, offer_id: uuid.UUID, accepter: User) -> Acceptance:
    offer = Offer.objects.get(pk=offer_id)
    return Acceptance.objects.create(offer=offer, accepter=accepter, offer_hash=offer.hash)


def hash_of(offer: Offer) -> str:
    """Return the SHA-256 hash of the content of an offer, in hexadecimal."""
    content = [
        offer.pk,
        offer.conversation_id,
        offer.number,
        offer.kind,
        offer.amount,
        offer.currency,
        offer.round,
        offer.proposer_id,
        offer.proposer_role,
        offer.answers_id,
        offer.lapses_at,
        offer.created_at,
        offer.previous_hash,
    ]
    return hashlib.sha256(to_json(content).encode()).hexdigest()


def hash_of_withdrawal(withdrawal: Withdrawal) -> str:
    """Return the SHA-256 hash of the content of a withdrawal, in hexadecimal."""
    content = [withdrawal.offer_id, withdrawal.withdrawer_id, withdrawal.created_at, withdrawal.previous_hash]
    return hashlib.sha256(to_json(content).encode()).hexdigest()


@dataclass(frozen=True)
class ChainError:
    """An error in the chain of offers of a conversation."""

    conversation_id: object
    message: str


def chain_errors() -> Iterator[ChainError]:
    """Yield the errors in the chains of offers of all conversations."""
    has_offers = Exists(Offer.objects.filter(conversation=OuterRef("pk")))
    conversations = Conversation.objects.filter(has_offers | Q(deal__last_offer__isnull=False))
    for conversation in conversations.select_related("deal").order_by("pk").iterator(chunk_size=500):
        offers = list(conversation.offers.select_related("acceptance", "withdrawal").order_by("number"))
        for message in _errors_of(getattr(conversation, "deal", None), offers):
            yield ChainError(conversation.pk, message)


def _errors_of(deal: Deal | None, offers: list[Offer]) -> Iterator[str]:
    withdrawals = {one.withdrawal.previous_hash: one.withdrawal for one in offers if hasattr(one, "withdrawal")}
    previous = ""
    for number, offer in enumerate(offers, start=1):
        if offer.number != number:
            yield f"offer {number} is missing"
            return
        while offer.previous_hash != previous and previous in withdrawals:
            previous = withdrawals.pop(previous).hash
        if offer.previous_hash != previous:
            yield f"offer {number} does not follow the offer before it"
        if hash_of(offer) != offer.hash:
            yield f"offer {number} was changed"
        yield from _errors_of_answers(offer, is_last=number == len(offers))
        previous = offer.hash
    while previous in withdrawals:
        previous = withdrawals.pop(previous).hash
    for withdrawal in withdrawals.values():
        yield f"the withdrawal of offer {withdrawal.offer.number} does not follow another row"
    yield from _errors_of_deal(deal, offers)


def _errors_of_answers(offer: Offer, *, is_last: bool) -> Iterator[str]:
    """Yield the errors of the acceptance and the withdrawal of an offer."""
    acceptance, withdrawal = getattr(offer, "acceptance", None), getattr(offer, "withdrawal", None)
    if acceptance and acceptance.offer_hash != offer.hash:
        yield f"offer {offer.number} does not match its acceptance"
    if acceptance and not is_last:
        yield f"offer {offer.number} was accepted, but another offer follows it"
    if withdrawal and hash_of_withdrawal(withdrawal) != withdrawal.hash:
        yield f"the withdrawal of offer {offer.number} was changed"
    if withdrawal and acceptance:
        yield f"offer {offer.number} was accepted and withdrawn"


def _errors_of_deal(deal: Deal | None, offers: list[Offer]) -> Iterator[str]:
    standing = [offer.pk for offer in offers if not hasattr(offer, "withdrawal")]
    if deal is None:
        yield "there are offers but no deal"
    elif deal.last_offer_id != (standing[-1] if standing else None):
        yield "the newest offer is not the last offer of the deal"
