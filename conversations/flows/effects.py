"""The effects of actions besides their transitions: offers, withdrawals, payment, deliveries and revisions."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from conversations.flows.decisions import Delivery, RevisionRequest
from conversations.flows.definitions import Action, Role
from conversations.flows.errors import WrongState
from conversations.flows.facts import Facts, Offer, OfferKind
from conversations.flows.kinds import OFFERS, Effect, InputKind
from conversations.flows.money import parse_price


@dataclass(frozen=True)
class Effects:
    """The effects of an action: the new `facts`, and the fields of `Decision` that the action sets (`records`)."""

    facts: Facts
    records: Mapping[str, Any] = field(default_factory=dict)


def effects_of(action: Action, role: Role, facts: Facts, data: Mapping[str, Any]) -> Effects:
    """Return the effects of an action with its cleaned `data`.

    Raises `WrongState` if the action needs an offer and the deal has no offer.
    """
    if action.effect in OFFERS:
        return _make_offer(OfferKind(action.effect.value), action, role, facts, data)
    effects = Effects(facts)
    match action.effect:
        case Effect.ACCEPT_OFFER:
            effects = Effects(facts, {"accepted": _current_offer(facts)})
        case Effect.OPEN_PAYMENT:
            effects = Effects(facts, {"payment": _current_offer(facts)})
        case Effect.WITHDRAW_OFFER:
            effects = _withdraw_offer(facts)
        case Effect.DELIVER:
            effects = Effects(facts, {"delivery": _delivery(facts, data)})
        case Effect.REQUEST_REVISION:
            number = facts.revisions_used + 1
            request = RevisionRequest(number=number, feedback=data["feedback"])
            effects = Effects(replace(facts, revisions_used=number), {"revision": request})
    return effects


def _current_offer(facts: Facts) -> Offer:
    if facts.last_offer is None:
        raise WrongState("There is no offer yet.")
    return facts.last_offer


def _make_offer(kind: OfferKind, action: Action, role: Role, facts: Facts, data: Mapping[str, Any]) -> Effects:
    key = next(input_.id for input_ in action.inputs if input_.kind is InputKind.PRICE)
    offer = Offer(
        kind=kind,
        amount=parse_price(data[key], facts.currency),
        currency=facts.currency,
        round=facts.rounds_used + (1 if kind is OfferKind.COUNTER else 0),
        proposer=role,
        answers=facts.last_offer and facts.last_offer.id,
    )
    earlier = (*facts.earlier_offers, facts.last_offer) if facts.last_offer else ()
    after = replace(facts, last_offer=offer, earlier_offers=earlier, withdrawn_offer=None)
    return Effects(after, {"offer": offer})


def _withdraw_offer(facts: Facts) -> Effects:
    withdrawn = _current_offer(facts)
    after = replace(
        facts,
        last_offer=facts.earlier_offers[-1] if facts.earlier_offers else None,
        earlier_offers=facts.earlier_offers[:-1],
        withdrawn_offer=facts.withdrawn_offer or withdrawn,
        offers_withdrawn=facts.offers_withdrawn + (withdrawn.kind is not OfferKind.COUNTER),
    )
    return Effects(after, {"withdrawn": withdrawn})


def _delivery(facts: Facts, data: Mapping[str, Any]) -> Delivery:
    return Delivery(
        number=facts.revisions_used + 1,
        deliverables=data["deliverables"],
        description=data["description"],
        notes=data.get("notes", ""),
        attachments=tuple(data.get("attachments", ())),
    )
