"""Withdrawing a request or an offer while the other party is awaited, from version 2."""

from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from conversations.flows.deal.parts import BY_BRAND_OWNER, BY_INFLUENCER, CLOSED
from conversations.flows.definitions import Action, Outcome, State
from conversations.flows.kinds import Effect, Guard

WITHDRAW_REQUEST = Action(
    name="withdraw_request",
    roles=BY_BRAND_OWNER,
    label=_("Withdraw request"),
    style="danger",
    text=(_("%(brand_owner)s withdrew the request."),),
    summary=_("%(brand_owner)s withdrew the request"),
    outcomes=CLOSED,
    effect=Effect.WITHDRAW_REQUEST,
)


def _withdraw_offer(to: str) -> Action:
    return Action(
        name="withdraw_offer",
        roles=BY_BRAND_OWNER,
        label=_("Withdraw offer"),
        style="danger",
        text=(_("%(brand_owner)s withdrew the offer."),),
        summary=_("%(brand_owner)s withdrew the offer"),
        outcomes=(Outcome(to, Guard.WITHDRAWALS_LEFT),),
        effect=Effect.WITHDRAW_OFFER,
    )


WITHDRAW_COUNTER_OFFER = Action(
    name="withdraw_counter_offer",
    roles=BY_INFLUENCER,
    label=_("Withdraw counter-offer"),
    style="danger",
    text=(_("%(influencer)s withdrew the counter-offer."),),
    summary=_("%(influencer)s withdrew the counter-offer"),
    outcomes=(Outcome("influencer_price_input", Guard.ROUNDS_LEFT),),
    effect=Effect.WITHDRAW_OFFER,
)

_WITHDRAWALS = {
    "influencer_responding": WITHDRAW_REQUEST,
    "influencer_reviewing": WITHDRAW_REQUEST,
    "influencer_price_response": _withdraw_offer(to="brand_owner_pricing"),
    "brand_owner_price_response": WITHDRAW_COUNTER_OFFER,
    "influencer_final_response": _withdraw_offer(to="brand_owner_price_response"),
}


def with_withdrawals(states: tuple[State, ...]) -> tuple[State, ...]:
    """Return the states of the deal, in which a party can withdraw what the other party has not answered yet."""
    return tuple(
        replace(state, actions=(*state.actions, _WITHDRAWALS[state.name])) if state.name in _WITHDRAWALS else state
        for state in states
    )
