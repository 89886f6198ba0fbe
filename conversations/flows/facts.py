"""The facts about a conversation that the engine needs besides its state."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from conversations.flows.definitions import Flow, Role
from conversations.flows.kinds import Guard
from conversations.flows.money import format_price


class OfferKind(StrEnum):
    OFFER = "offer"
    COUNTER = "counter"
    FINAL = "final"


@dataclass(frozen=True, kw_only=True)
class Offer:
    """An offered price. `amount` is in minor units; `id` identifies the offer, `answers` the offer that it answers.

    `round` counts counter-offers and is 0 for the first offer. A final offer has the round of the answered offer.
    """

    kind: OfferKind
    amount: int
    currency: str
    round: int
    proposer: Role
    id: Any = None
    answers: Any = None

    @property
    def price(self) -> str:
        """The amount as the decimal string that clients receive."""
        return format_price(self.amount, self.currency)


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Facts about a conversation. `proposed` is in minor units.

    `last_offer` is the newest offer of either party that was not withdrawn. `earlier_offers` are the offers before it
    that were not withdrawn, oldest first; the newest of them is enough for a decision. `withdrawn_offer` is the newest
    offer of all if it was withdrawn, else None. `offers_withdrawn` counts the withdrawn offers without counter-offers.
    `interrupted_state` is the state in which a dispute interrupted the deal.
    """

    state_version: int = 0
    paused: bool = False
    brand_owner: str = ""
    influencer: str = ""
    title: str = ""
    currency: str = "INR"
    proposed: int | None = None
    last_offer: Offer | None = None
    earlier_offers: tuple[Offer, ...] = ()
    withdrawn_offer: Offer | None = None
    offers_withdrawn: int = 0
    revisions_used: int = 0
    interrupted_state: str | None = None

    @property
    def rounds_used(self) -> int:
        """The number of counter-offers, including withdrawn ones."""
        newest = self.withdrawn_offer or self.last_offer
        return newest.round if newest else 0


def holds(guard: Guard | None, flow: Flow, facts: Facts) -> bool:
    rounds_left = facts.rounds_used < flow.rounds
    revisions_left = facts.revisions_used < flow.revisions
    return {
        None: True,
        Guard.ROUNDS_LEFT: rounds_left,
        Guard.NO_ROUNDS_LEFT: not rounds_left,
        Guard.REVISIONS_LEFT: revisions_left,
        Guard.NO_REVISIONS_LEFT: not revisions_left,
        Guard.WITHDRAWALS_LEFT: facts.offers_withdrawn < flow.rounds,
    }[guard]


def price_text(minor: int, currency: str) -> str:
    """Return a price as texts show it: `INR 1000.00`. `minor` is in minor units."""
    return f"{currency} {format_price(minor, currency)}"


def template_values(flow: Flow, facts: Facts) -> dict[str, str]:
    """Return the values that texts can use, by placeholder. Values that do not exist yet are left out."""
    offer = facts.last_offer
    found = {
        "brand_owner": facts.brand_owner,
        "influencer": facts.influencer,
        "rounds_left": str(max(0, flow.rounds - facts.rounds_used)),
        "revisions_left": str(max(0, flow.revisions - facts.revisions_used)),
        "title": facts.title or None,
        "proposed": None if facts.proposed is None else price_text(facts.proposed, facts.currency),
        "price": price_text(offer.amount, offer.currency) if offer else None,
    }
    return {name: value for name, value in found.items() if value is not None}
