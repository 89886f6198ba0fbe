"""The effects of actions besides their transitions: offers, acceptance, payment, deliveries and revisions."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from conversations.flows.decisions import Delivery, RevisionRequest
from conversations.flows.definitions import OFFERS, Action, Effect, InputKind, Role
from conversations.flows.errors import WrongState
from conversations.flows.facts import Facts, Offer, OfferKind
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
    match action.effect:
        case effect if effect in OFFERS:
            return _make_offer(OfferKind(effect.value), action, role, facts, data)
        case Effect.ACCEPT_OFFER:
            return Effects(facts, {"accepted": _current_offer(facts)})
        case Effect.OPEN_PAYMENT:
            return Effects(facts, {"payment": _current_offer(facts)})
        case Effect.DELIVER:
            return Effects(facts, {"delivery": _delivery(facts, data)})
        case Effect.REQUEST_REVISION:
            number = facts.revisions_used + 1
            request = RevisionRequest(number=number, feedback=data["feedback"])
            return Effects(replace(facts, revisions_used=number), {"revision": request})
    return Effects(facts)


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
    return Effects(replace(facts, last_offer=offer), {"offer": offer})


def _delivery(facts: Facts, data: Mapping[str, Any]) -> Delivery:
    return Delivery(
        number=facts.revisions_used + 1,
        deliverables=data["deliverables"],
        description=data["description"],
        notes=data.get("notes", ""),
        attachments=tuple(data.get("attachments", ())),
    )
