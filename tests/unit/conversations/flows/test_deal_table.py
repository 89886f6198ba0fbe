"""Every combination of state, role and action: the state that it leads to, or the error that it raises."""

from dataclasses import replace

import pytest

from conversations.flows import Facts, Role, Timing, conversation_state, decide
from conversations.flows.graph import edges
from foundation.errors import DomainError
from tests.unit.conversations.flows.deal_table import (
    ACTIONS,
    DATA,
    ENDING,
    INTERRUPTED,
    MOVES,
    ONLY_WITH,
    ROLES,
    STATES,
    STAYS,
    parsed_diagram,
)


def expected(state: str, role: str, action: str, *, spent: bool) -> str | None:
    """Return the resulting state, or the code of an error."""
    if action not in ROLES[role]:
        return "wrong_role"
    if state == "chat_closed":
        return "conversation_closed"
    if (state, action) in STAYS:
        return state
    target = ONLY_WITH.get((state, action), (MOVES.get((state, action)),) * 2)[spent]
    return "real_time" if target == "work_approved" else target or "wrong_state"


def flow_facts(facts: Facts, *, spent: bool) -> Facts:
    if not spent:
        return facts
    return replace(facts, last_offer=replace(facts.last_offer, round=3), revisions_used=3, offers_withdrawn=3)


def test_the_data_has_the_edges_of_the_diagram_and_no_other(deal):
    assert {(edge.source, edge.target, edge.reason) for edge in edges(deal)} == parsed_diagram()


def test_the_data_has_the_states_of_the_table_and_no_other(deal):
    assert {state.name for state in deal.states} == STATES.keys()


def outcome_of(deal, state, facts, role, action) -> str:
    try:
        return decide(deal, state, facts, Role(role), action, DATA.get(action)).conversation_state.flow_state
    except DomainError as refusal:
        return refusal.code


@pytest.mark.parametrize("spent", [False, True], ids=["limits left", "limits spent"])
@pytest.mark.parametrize("role", sorted(ROLES))
@pytest.mark.parametrize("state", STATES)
def test_every_cell(deal, facts, state, role, spent):
    told = flow_facts(facts, spent=spent)
    outcomes = {action: outcome_of(deal, state, told, role, action) for action in ACTIONS}
    assert outcomes == {action: expected(state, role, action, spent=spent) for action in ACTIONS}


LASTING = sorted(
    (state, action)
    for state, action in MOVES.keys() - ONLY_WITH
    if state != "work_approved" and action not in {"dispute_opened", "dispute_won"}
)


@pytest.mark.parametrize(("state", "action"), LASTING)
def test_the_decision_of_an_action(deal, facts, state, action):
    roles = [role for role in ROLES if action in ROLES[role]] or ["system"]
    for role in roles:
        decision = decide(deal, state, facts, Role(role), action, DATA.get(action))
        reached = decision.conversation_state.flow_state
        awaiting, chat_status, due, reminded = STATES[reached]
        assert (decision.conversation_state.awaiting_role, decision.conversation_state.chat_status) == (
            awaiting,
            chat_status,
        )
        assert decision.conversation_state.automation_enabled is (reached not in ENDING)
        assert decision.timing is Timing.RESTART
        assert (decision.due.after and decision.due.after.days) == due
        days = decision.due.remind_after and decision.due.remind_after.total_seconds() / 86_400
        assert days == (due / 2 if due else reminded)
        check_message(decision, role, awaiting)
        check_steps(decision, state, action, facts)


@pytest.mark.parametrize("state", sorted(INTERRUPTED))
@pytest.mark.parametrize("paused", [False, True])
def test_a_dispute_interrupts_the_deal_until_it_is_won(deal, facts, state, paused):
    begun = replace(facts, paused=paused)
    disputed = decide(deal, state, begun, Role.SYSTEM, "dispute_opened")
    assert (disputed.conversation_state.flow_state, disputed.conversation_state.awaiting_role) == (
        "payment_disputed",
        None,
    )
    assert (disputed.timing, disputed.facts.interrupted_state, disputed.action_data) == (Timing.HOLD, state, None)
    won = decide(deal, "payment_disputed", disputed.facts, Role.SYSTEM, "dispute_won")
    assert won.conversation_state.flow_state == state
    assert (won.timing, won.facts.interrupted_state) == (Timing.HOLD if paused else Timing.RESUME, None)
    lost = decide(deal, "payment_disputed", disputed.facts, Role.SYSTEM, "dispute_lost")
    assert (lost.conversation_state.flow_state, lost.facts.interrupted_state) == ("chat_closed", None)


@pytest.mark.parametrize(
    ("state", "action"),
    [
        ("payment_completed", "payment_refunded"),
        ("work_in_progress", "payment_refunded"),
        ("payment_disputed", "dispute_lost"),
    ],
)
def test_a_paused_deal_that_is_closed_by_its_payment_is_no_longer_paused(deal, facts, state, action):
    closed = decide(deal, state, replace(facts, paused=True), Role.SYSTEM, action)
    assert closed.conversation_state == conversation_state(deal, "chat_closed")
    assert closed.conversation_state.chat_status == "closed"
    assert not closed.facts.paused


def test_a_resumed_deal_waits_until_its_dispute_is_over(deal, facts):
    disputed = decide(deal, "work_submitted", facts, Role.SYSTEM, "dispute_opened").facts
    paused = decide(deal, "payment_disputed", disputed, Role.OPERATOR, "pause")
    resumed = decide(deal, "payment_disputed", paused.facts, Role.OPERATOR, "resume")
    assert (paused.timing, resumed.timing, resumed.facts.paused) == (Timing.HOLD, Timing.HOLD, False)
    assert resumed.facts.interrupted_state == "work_submitted"


def test_nobody_can_win_a_dispute_that_did_not_interrupt_the_deal(deal, facts):
    with pytest.raises(DomainError):
        decide(deal, "payment_disputed", facts, Role.SYSTEM, "dispute_won")


def check_message(decision, role, awaiting):
    other = {"brand_owner": "influencer", "influencer": "brand_owner"}
    assert decision.message.sender == role
    assert decision.message.receiver == (awaiting or "brand_owner" if role == "system" else other[role])
    assert decision.message.text
    assert decision.message.action_required is (awaiting is not None)
    assert decision.message.action_data == decision.action_data
    if awaiting:
        assert decision.action_data["role"] == awaiting
        assert decision.action_data["flow_state"] == decision.conversation_state.flow_state
        assert decision.action_data["state_version"] == decision.facts.state_version


def check_steps(decision, state, action, facts):
    names = [step.after.flow_state for step in decision.state_changes]
    befores = [step.before.flow_state for step in decision.state_changes]
    assert befores == [state, *names[:-1]]
    assert [step.state_version for step in decision.state_changes] == [8, 9][: len(names)]
    assert decision.facts.state_version == decision.state_changes[-1].state_version
    assert names[-1] == decision.conversation_state.flow_state
    for step in decision.state_changes:
        assert (step.before.flow_state, step.after.flow_state, step.reason) in parsed_diagram()
    assert decision.state_changes[0].reason == action


def test_approved_work_opens_the_free_chat_at_once(deal, facts):
    decision = decide(deal, "work_submitted", facts, Role.BRAND_OWNER, "approve_work")
    assert [(step.after.flow_state, step.reason) for step in decision.state_changes] == [
        ("work_approved", "approve_work"),
        ("real_time", "free_chat_opened"),
    ]
    assert decision.action_data is None


def test_repeated_proceeding_to_payment_changes_no_state(deal, facts, offer):
    for _ in range(2):
        decision = decide(deal, "payment_pending", facts, Role.BRAND_OWNER, "proceed_to_payment")
        assert decision.payment == offer
        assert (decision.state_changes, decision.message, decision.timing) == ((), None, Timing.KEEP)
        assert decision.facts == facts
