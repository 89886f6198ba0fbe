"""The order of errors, action aliases, and the direct conversation, which has no actions."""

from dataclasses import replace

import pytest

from conversations.flows import Facts, Role, available_actions, check_text, decide, get_flow, resolve_action
from conversations.flows.errors import ConversationClosed, TextNotAccepted
from conversations.flows.overrides import overridden
from foundation.errors import DomainError, Invalid
from tests.unit.conversations.flows.deal_table import ACTIONS

BRAND_OWNER, INFLUENCER = Role.BRAND_OWNER, Role.INFLUENCER
NEGOTIATION = "brand_owner_negotiation"
WITHOUT_PAIR = ["brand_owner_details", "brand_owner_pricing", "influencer_price_input", "work_submitted"]
UNCLEAR = [None, {}, {"action": "close"}, {"action": ["agree"]}, {"action": None}, "agree"]
TOO_LONG = {"reason": "x" * 501}


def code(flow, state, facts, role, action, data=None, state_version=None) -> str:
    with pytest.raises(DomainError) as refused:
        decide(flow, state, facts, role, action, data, state_version=state_version)
    return refused.value.code


def test_the_order_of_errors(deal, facts):
    paused = replace(facts, paused=True)
    responding = "influencer_responding"
    assert code(deal, "chat_closed", paused, INFLUENCER, "dance", TOO_LONG, 1) == "unknown_action"
    assert code(deal, "chat_closed", paused, BRAND_OWNER, "reject_connection", TOO_LONG, 1) == "wrong_role"
    closed = code(deal, "chat_closed", paused, INFLUENCER, "reject_connection", TOO_LONG, 1)
    assert closed == "conversation_closed"
    for version in (None, 6, 7, 8):
        assert code(deal, responding, paused, INFLUENCER, "reject_connection", TOO_LONG, version) == "wrong_state"
    for version in (6, 8):
        assert code(deal, responding, facts, INFLUENCER, "reject_connection", TOO_LONG, version) == "stale_action"
    assert code(deal, "real_time", facts, INFLUENCER, "reject_connection", TOO_LONG, 7) == "wrong_state"
    assert code(deal, responding, facts, INFLUENCER, "reject_connection", TOO_LONG, 7) == "invalid"


@pytest.mark.parametrize("action", ["", "Accept", "accept_connection ", "payment_verified", "expired", "pause", 7])
def test_names_that_are_no_actions_of_a_party(deal, facts, action):
    assert code(deal, "payment_pending", facts, BRAND_OWNER, action) == "unknown_action"


@pytest.mark.parametrize(
    ("state", "role", "name", "data", "action"),
    [
        ("influencer_responding", INFLUENCER, "accept", None, "accept_connection"),
        ("influencer_responding", INFLUENCER, "reject", None, "reject_connection"),
        ("influencer_reviewing", INFLUENCER, "accept", None, "accept_project"),
        ("influencer_reviewing", INFLUENCER, "reject", None, "reject_project"),
        ("influencer_reviewing", INFLUENCER, "deny_project", None, "reject_project"),
        ("influencer_price_response", INFLUENCER, "accept", None, "accept_price"),
        ("influencer_price_response", INFLUENCER, "reject", None, "reject_price"),
        (NEGOTIATION, BRAND_OWNER, "accept", None, "agree_negotiation"),
        (NEGOTIATION, BRAND_OWNER, "reject", None, "reject_negotiation"),
        (
            "brand_owner_negotiation",
            BRAND_OWNER,
            "handle_negotiation",
            {"action": "agree"},
            "agree_negotiation",
        ),
        (
            "brand_owner_negotiation",
            BRAND_OWNER,
            "handle_negotiation",
            {"action": "reject"},
            "reject_negotiation",
        ),
        ("brand_owner_price_response", BRAND_OWNER, "accept", None, "accept_counter_offer"),
        ("brand_owner_price_response", BRAND_OWNER, "reject", None, "reject_counter_offer"),
        ("influencer_final_response", INFLUENCER, "accept", None, "accept_final_offer"),
        ("influencer_final_response", INFLUENCER, "reject", None, "reject_final_offer"),
    ],
)
def test_aliases_are_accepted_and_recorded_as_current_names(deal, facts, state, role, name, data, action):
    decision = decide(deal, state, facts, role, name, data)
    assert decision.action == decision.state_changes[0].reason == action
    assert decision == decide(deal, state, facts, role, action)


@pytest.mark.parametrize(
    "state",
    ["brand_owner_details", "brand_owner_pricing", "influencer_price_input", "work_submitted", "real_time"],
)
@pytest.mark.parametrize("name", ["accept", "reject"])
def test_a_state_without_both_answers_rejects_accept_and_reject(deal, facts, state, name):
    for role in deal.parties:
        assert code(deal, state, facts, role, name) == "wrong_state"


def test_aliases_are_refused_like_current_names(deal, facts):
    assert code(deal, "influencer_responding", facts, BRAND_OWNER, "accept") == "wrong_role"
    assert code(deal, "brand_owner_pricing", facts, BRAND_OWNER, "deny_project") == "wrong_role"
    assert code(deal, "brand_owner_pricing", facts, INFLUENCER, "deny_project") == "wrong_state"
    assert code(deal, "brand_owner_negotiation", facts, INFLUENCER, "handle_negotiation") == "wrong_role"
    assert code(deal, "payment_pending", facts, BRAND_OWNER, "handle_negotiation") == "wrong_state"


@pytest.mark.parametrize("data", [None, {}, {"action": "close"}, {"action": ["agree"]}, {"action": None}, "agree"])
def test_an_unclear_response_to_a_negotiation_does_not_close(deal, facts, data):
    with pytest.raises(Invalid) as refused:
        decide(deal, "brand_owner_negotiation", facts, BRAND_OWNER, "handle_negotiation", data)
    assert refused.value.errors == {"action": ["One of these is needed: agree, reject."]}


def test_a_direct_conversation_refuses_every_action():
    direct, facts = get_flow("direct", 1), Facts(state_version=1)
    for name in [*ACTIONS, "accept", "deny_project"]:
        assert code(direct, "real_time", facts, Role.PARTICIPANT, name) == "wrong_state"
    assert code(direct, "real_time", facts, Role.PARTICIPANT, "dance") == "unknown_action"
    assert available_actions(direct, "real_time", facts, Role.PARTICIPANT) == []
    for action in ("pause", "resume", "close"):
        assert code(direct, "real_time", facts, Role.OPERATOR, action) == "wrong_state"


def test_without_a_current_offer_nothing_is_accepted_or_paid(deal):
    facts = Facts(state_version=3)
    assert code(deal, "influencer_price_response", facts, INFLUENCER, "accept_price") == "wrong_state"
    assert code(deal, "payment_pending", facts, BRAND_OWNER, "proceed_to_payment") == "wrong_state"


def test_a_repeated_click_is_recognized_after_its_state(deal):
    click = resolve_action(deal, "brand_owner_pricing", "send_price_offer", {"price": 1000, "more": 1}, "INR")
    assert (click.action, click.data) == ("send_price_offer", {"price": "1000.00"})
    same = resolve_action(deal, "brand_owner_pricing", "send_price_offer", {"price": "1000.0"}, "INR")
    assert same == click
    with pytest.raises(DomainError):
        resolve_action(deal, "brand_owner_details", "send_price_offer", {"price": 1000}, "INR")


def test_texts_written_by_participants(deal):
    forbidding = overridden(deal, {"text_while_automated": False})
    for state in deal.states:
        if state.name != "chat_closed":
            check_text(deal, state.name, paused=False)
            check_text(forbidding, state.name, paused=True)
    check_text(forbidding, "payment_completed", paused=False)
    with pytest.raises(TextNotAccepted):
        check_text(forbidding, "payment_pending", paused=False)
    for flow, paused in ((deal, False), (forbidding, True)):
        with pytest.raises(ConversationClosed):
            check_text(flow, "chat_closed", paused=paused)
