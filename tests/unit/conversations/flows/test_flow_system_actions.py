"""The opening, and transitions that no party causes: payment, deadlines, reminders, operators."""

from dataclasses import replace
from datetime import timedelta

import pytest

from conversations.flows import Facts, Role, Timing, decide, flow_for, opening
from conversations.flows.errors import ConversationClosed, StaleAction, UnknownAction, WrongState
from foundation.errors import DomainError, Invalid
from tests.unit.conversations.flows.deal_table import STATES

SYSTEM, OPERATOR = Role.SYSTEM, Role.OPERATOR
GUIDED = [state for state, (awaiting, *_) in STATES.items() if awaiting]


@pytest.mark.parametrize(("kind", "word"), [("bid", "bid"), ("campaign", "campaign")])
def test_the_opening_contains_title_and_amount(kind, word):
    facts = Facts(brand_owner="Acme", influencer="Asha", title="Shoes %(x)s", proposed=100_000)
    decision = opening(flow_for(kind), kind, facts)
    first, *rest = decision.message.text.split("\n\n")
    assert first.startswith("Acme")
    assert word in first
    assert rest == ["About: Shoes %(x)s", "Proposed amount (not binding): ₹1,000.00"]
    assert (decision.message.sender, decision.message.receiver) == ("brand_owner", "influencer")
    assert decision.message.action_data == decision.action_data
    assert (decision.action_data["role"], decision.action_data["state_version"]) == ("influencer", 1)
    (step,) = decision.state_changes
    assert (step.before, step.reason, step.state_version) == (None, "conversation_opened", 1)
    assert step.after.flow_state == "influencer_responding"
    assert (decision.timing, decision.due.after) == (Timing.RESTART, timedelta(days=7))


def test_an_opening_without_title_and_amount_has_one_paragraph():
    decision = opening(flow_for("bid"), "bid", Facts(brand_owner="Acme"))
    assert "\n" not in decision.message.text


def test_a_direct_conversation_opens_without_a_message():
    decision = opening(flow_for("direct"), "direct", Facts())
    assert (decision.message, decision.action_data, decision.due.after) == (None, None, None)
    assert decision.conversation_state.chat_status == decision.conversation_state.flow_state == "real_time"
    assert decision.conversation_state.awaiting_role is None
    assert decision.conversation_state.automation_enabled is False
    with pytest.raises(KeyError):
        opening(flow_for("direct"), "bid", Facts())


def test_a_payment_is_accepted_once_and_in_its_state_only(deal, facts):
    decision = decide(deal, "payment_pending", facts, SYSTEM, "payment_verified")
    assert decision.conversation_state.flow_state == "payment_completed"
    assert "₹1,500.00" in decision.message.text
    for state in STATES.keys() - {"payment_pending", "chat_closed"}:
        with pytest.raises(WrongState):
            decide(deal, state, facts, SYSTEM, "payment_verified")
    with pytest.raises(ConversationClosed):
        decide(deal, "chat_closed", facts, SYSTEM, "payment_verified")


def test_a_payment_during_a_pause_does_not_end_the_pause(deal, facts):
    decision = decide(deal, "payment_pending", replace(facts, paused=True), SYSTEM, "payment_verified")
    assert decision.conversation_state.flow_state == "payment_completed"
    assert (decision.facts.paused, decision.conversation_state.automation_enabled) == (True, False)
    assert (decision.timing, decision.due.remind_after) == (Timing.RESTART, timedelta(days=1))
    assert decision.action_data is None


@pytest.mark.parametrize("state", STATES)
def test_a_deadline_takes_its_states_system_action(deal, facts, state):
    own = {True: "approved_automatically", False: "expired"}[state == "work_submitted"]
    for system_action in ("expired", "approved_automatically"):
        if STATES[state][2] and system_action == own:
            assert decide(deal, state, facts, SYSTEM, system_action, state_version=7).action == system_action
            for told, version in ((facts, 6), (replace(facts, paused=True), 7)):
                with pytest.raises(DomainError):
                    decide(deal, state, told, SYSTEM, system_action, state_version=version)
        else:
            with pytest.raises(DomainError):
                decide(deal, state, facts, SYSTEM, system_action)


@pytest.mark.parametrize("state", GUIDED)
def test_a_reminder_changes_no_state(deal, facts, state):
    decision = decide(deal, state, facts, SYSTEM, "remind", state_version=7)
    awaiting, _, due, every = STATES[state]
    assert decision.state_changes == ()
    assert decision.facts == facts
    assert (decision.message.sender, decision.message.receiver) == ("system", awaiting)
    assert decision.message.action_data["state_version"] == 7
    assert {"brand_owner": "Acme", "influencer": "Asha"}[awaiting] in decision.message.text
    assert decision.timing is Timing.REMINDED
    assert decision.due.remind_after == (None if due else timedelta(days=every))


def test_states_without_reminders(deal, facts):
    for state, told in (("real_time", facts), ("payment_pending", replace(facts, paused=True))):
        with pytest.raises(WrongState):
            decide(deal, state, told, SYSTEM, "remind")
    with pytest.raises(StaleAction):
        decide(deal, "payment_pending", facts, SYSTEM, "remind", state_version=6)


@pytest.mark.parametrize("state", GUIDED)
def test_a_pause_and_its_end_keep_the_state(deal, facts, state):
    awaiting, chat_status, *_ = STATES[state]
    paused = decide(deal, state, facts, OPERATOR, "pause", {"reason": " A question "})
    assert paused.state_changes[0].reason == "paused"
    assert (paused.conversation_state.flow_state, paused.conversation_state.chat_status) == (state, "real_time")
    assert (paused.conversation_state.awaiting_role, paused.conversation_state.automation_enabled) == (awaiting, False)
    assert (paused.timing, paused.facts.state_version, paused.action_data) == (Timing.HOLD, 8, None)
    assert (paused.message.sender, paused.message.action_required) == ("system", False)
    assert paused.message.text.endswith("Reason: A question")
    with pytest.raises(WrongState):
        decide(deal, state, paused.facts, OPERATOR, "pause")

    resumed = decide(deal, state, paused.facts, OPERATOR, "resume")
    assert resumed.state_changes[0].reason == "resumed"
    assert resumed.state_changes[0].before == paused.conversation_state
    assert (resumed.conversation_state.flow_state, resumed.conversation_state.chat_status) == (state, chat_status)
    assert (resumed.timing, resumed.facts.state_version) == (Timing.RESUME, 9)
    assert resumed.message.action_data == resumed.action_data
    assert resumed.action_data["state_version"] == 9
    with pytest.raises(WrongState):
        decide(deal, state, resumed.facts, OPERATOR, "resume")
    with pytest.raises(StaleAction):
        decide(deal, state, resumed.facts, SYSTEM, "remind", state_version=7)


@pytest.mark.parametrize("state", [*GUIDED, "payment_disputed", "real_time"])
@pytest.mark.parametrize("is_paused", [False, True])
def test_an_operator_can_close_any_open_conversation(deal, facts, state, is_paused):
    told = replace(facts, paused=is_paused)
    decision = decide(deal, state, told, OPERATOR, "close", state_version=7)
    assert (decision.conversation_state.flow_state, decision.conversation_state.chat_status) == (
        "chat_closed",
        "closed",
    )
    assert decision.state_changes[0].reason == "closed_by_operator"
    assert decision.facts.paused is False
    assert (decision.timing, decision.due.after, decision.due.remind_after) == (Timing.RESTART, None, None)
    assert (decision.message.sender, decision.message.receiver) == ("system", "brand_owner")


def test_refused_interventions(deal, facts):
    with pytest.raises(WrongState):
        decide(deal, "real_time", facts, OPERATOR, "pause")
    with pytest.raises(UnknownAction):
        decide(deal, "payment_pending", facts, OPERATOR, "proceed_to_payment")
    with pytest.raises(Invalid):
        decide(deal, "payment_pending", facts, OPERATOR, "pause", {"reason": "x" * 501})
    with pytest.raises(StaleAction):
        decide(deal, "payment_pending", facts, OPERATOR, "close", state_version=6)
    for action in ("pause", "resume", "close"):
        with pytest.raises(ConversationClosed):
            decide(deal, "chat_closed", facts, OPERATOR, action)
