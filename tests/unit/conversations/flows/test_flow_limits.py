"""Rounds of negotiation and revisions of the work, up to and beyond the limit; a deployment's own limits."""

from datetime import timedelta

import pytest

from conversations.flows import Facts, Role, all_flows, available_actions, configure, flow_for, get_flow
from conversations.flows.decisions import due_in
from conversations.flows.errors import WrongState
from conversations.flows.overrides import overridden
from conversations.flows.simulation import Simulation

BRAND_OWNER, INFLUENCER = Role.BRAND_OWNER, Role.INFLUENCER
WORK = {"deliverables": "links", "description": "as agreed"}


def negotiating(flow) -> Simulation:
    game = Simulation(flow, "bid", Facts(brand_owner="Acme", influencer="Asha"))
    game.act(INFLUENCER, "accept")
    game.act(BRAND_OWNER, "send_project_details", {"details": "films"})
    game.act(INFLUENCER, "accept")
    game.act(BRAND_OWNER, "send_price_offer", {"price": "1000"})
    return game


def submitted(flow) -> Simulation:
    game = negotiating(flow)
    game.act(INFLUENCER, "accept")
    game.act(Role.SYSTEM, "payment_verified")
    game.act(INFLUENCER, "start_work")
    game.act(INFLUENCER, "submit_work", WORK)
    return game


def names(game, role) -> list[str]:
    return [action["action"] for action in available_actions(game.flow, game.state, game.facts, role)]


@pytest.mark.parametrize("rounds", [1, 2, 3])
def test_each_round_has_a_counter_offer_and_the_last_rejection_closes(deal, rounds):
    game = negotiating(overridden(deal, {"rounds": rounds}))
    game.act(INFLUENCER, "negotiate_price")
    game.act(BRAND_OWNER, "agree_negotiation")
    for number in range(1, rounds + 1):
        assert game.state == "influencer_price_input"
        offer = game.act(INFLUENCER, "send_counter_offer", {"price": str(1000 + number)}).offer
        assert (offer.round, offer.kind, offer.proposer) == (number, "counter", "influencer")
        game.act(BRAND_OWNER, "reject_counter_offer")
    assert game.state == "chat_closed"
    assert "No round of negotiation is left" in game.last.message.text


def test_a_final_offer_stays_in_the_round_it_answers(deal):
    game = negotiating(deal)
    game.act(INFLUENCER, "negotiate_price")
    game.act(BRAND_OWNER, "agree_negotiation")
    game.act(INFLUENCER, "send_counter_offer", {"price": "1500"})
    final = game.act(BRAND_OWNER, "make_final_offer", {"price": "1500"}).offer
    assert (final.kind, final.round, final.proposer, final.price) == ("final", 1, "brand_owner", "1500.00")
    assert game.act(INFLUENCER, "accept_final_offer").accepted == final
    assert game.act(BRAND_OWNER, "proceed_to_payment").payment == final


def test_without_rounds_negotiation_is_refused(deal):
    game = negotiating(overridden(deal, {"rounds": 0}))
    assert names(game, INFLUENCER) == ["accept_price", "reject_price"]
    with pytest.raises(WrongState):
        game.act(INFLUENCER, "negotiate_price")


@pytest.mark.parametrize("revisions", [0, 1, 3])
def test_revisions_are_counted_and_after_the_last_work_can_be_rejected(deal, revisions):
    game = submitted(overridden(deal, {"revisions": revisions}))
    for number in range(1, revisions + 1):
        assert names(game, BRAND_OWNER) == ["approve_work", "request_revision"]
        with pytest.raises(WrongState):
            game.act(BRAND_OWNER, "reject_final_work")
        asked = game.act(BRAND_OWNER, "request_revision", {"feedback": "more light"}).revision
        assert (asked.number, asked.feedback) == (number, "more light")
        assert game.act(INFLUENCER, "resubmit_work", WORK).delivery.number == number + 1
    assert names(game, BRAND_OWNER) == ["approve_work", "reject_final_work"]
    with pytest.raises(WrongState):
        game.act(BRAND_OWNER, "request_revision", {"feedback": "more light"})
    assert game.act(BRAND_OWNER, "reject_final_work").conversation_state.flow_state == "chat_closed"


def test_a_deployment_sets_its_own_numbers(deal):
    own = overridden(
        deal,
        {
            "deadlines": {"influencer_responding": timedelta(days=2)},
            "reminders": {
                "influencer_reviewing": timedelta(hours=6),
                "payment_completed": timedelta(hours=12),
            },
            "text_while_automated": False,
        },
    )
    assert due_in(own, "influencer_responding").after == timedelta(days=2)
    assert due_in(own, "influencer_responding").remind_after == timedelta(days=1)
    assert due_in(own, "influencer_reviewing").remind_after == timedelta(hours=6)
    assert due_in(own, "influencer_reviewing").after == timedelta(days=7)
    assert due_in(own, "payment_completed").remind_after == timedelta(hours=12)
    writable = {state.name for state in own.states if state.accepts_text}
    assert "influencer_responding" not in writable
    assert {"payment_completed", "real_time"} <= writable
    assert overridden(deal, {}) == deal


@pytest.mark.parametrize(
    "overrides",
    [
        {"round": 3},
        {"rounds": -1},
        {"rounds": True},
        {"revisions": "3"},
        {"deadlines": {"nowhere": timedelta(days=1)}},
        {"deadlines": {"real_time": timedelta(days=1)}},
        {"deadlines": {"payment_completed": timedelta(days=1)}},
        {"deadlines": {"influencer_responding": timedelta()}},
        {"deadlines": {"influencer_responding": 86_400}},
        {"deadlines": {"influencer_responding": None}},
        {"reminders": {"influencer_responding": timedelta(days=7)}},
        {"reminders": {"influencer_responding": None}},
        {"reminders": {"payment_completed": None}},
        {"reminders": {"chat_closed": timedelta(days=1)}},
        {"text_while_automated": "no"},
    ],
)
def test_invalid_numbers_are_rejected(deal, overrides):
    with pytest.raises(ValueError, match=r".+"):
        overridden(deal, overrides)


def test_the_registry_applies_all_of_a_deployments_numbers_or_none():
    before = all_flows()
    try:
        configure({"deal": {"rounds": 1}})
        assert (flow_for("bid").rounds, flow_for("campaign").rounds) == (1, 1)
        with pytest.raises(ValueError, match="no such flow"):
            configure({"deal": {"rounds": 2}, "auction": {}})
        with pytest.raises(ValueError, match="rounds"):
            configure({"deal": {"rounds": None}})
        assert get_flow("deal", 1).rounds == get_flow("deal", 2).rounds == 1
    finally:
        configure({})
    assert all_flows() == before


def test_the_registry_maps_conversation_types_to_flows():
    assert flow_for("bid") is flow_for("campaign") is get_flow("deal", 2)
    assert flow_for("direct") is get_flow("direct", 1)
    for missing in (lambda: flow_for("auction"), lambda: get_flow("deal", 99)):
        with pytest.raises(KeyError):
            missing()
