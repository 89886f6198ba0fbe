"""The stages of a deal and the summaries of its history, with texts from the flow."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import translation

from conversations.flows import Facts, Role, decide, get_flow, opening, stage_of, stages
from conversations.flows.definitions import Stage
from conversations.flows.overrides import overridden
from conversations.flows.simulation import Simulation

DEAL, DIRECT = get_flow("deal", 2), get_flow("direct", 1)
STAGES = ["Contact", "Project", "Price", "Payment", "Work", "Done"]
STAGE_OF_STATE = {
    "influencer_responding": "Contact",
    "brand_owner_details": "Project",
    "influencer_reviewing": "Project",
    "brand_owner_pricing": "Price",
    "influencer_price_response": "Price",
    "brand_owner_negotiation": "Price",
    "influencer_price_input": "Price",
    "brand_owner_price_response": "Price",
    "influencer_final_response": "Price",
    "payment_pending": "Payment",
    "payment_completed": "Work",
    "work_in_progress": "Work",
    "work_submitted": "Work",
    "work_revision_requested": "Work",
    "payment_disputed": "Work",
    "work_approved": "Done",
    "real_time": "Done",
}
WORK = {"deliverables": "Three reels", "description": "At dusk"}
HISTORY = [
    (Role.INFLUENCER, "accept_connection", None, "Asha accepted the request"),
    (Role.BRAND_OWNER, "send_project_details", {"details": "Three reels"}, "Acme sent the project"),
    (Role.INFLUENCER, "accept_project", None, "Asha accepted the project"),
    (Role.BRAND_OWNER, "send_price_offer", {"price": "100"}, "Acme offered a price"),
    (Role.INFLUENCER, "negotiate_price", None, "Asha asked to negotiate"),
    (Role.OPERATOR, "pause", {"reason": "A question"}, "An operator paused the deal"),
    (Role.OPERATOR, "resume", None, "The deal goes on"),
    (Role.BRAND_OWNER, "agree_negotiation", None, "Acme agreed to negotiate"),
    (Role.INFLUENCER, "send_counter_offer", {"price": "120"}, "Asha made a counter-offer"),
    (Role.BRAND_OWNER, "make_final_offer", {"price": "110"}, "Acme made a final offer"),
    (Role.INFLUENCER, "accept_final_offer", None, "Asha accepted the final offer"),
    (Role.SYSTEM, "payment_verified", None, "The payment arrived"),
    (Role.INFLUENCER, "start_work", None, "Asha started the work"),
    (Role.INFLUENCER, "submit_work", WORK, "Asha submitted the work"),
    (Role.BRAND_OWNER, "request_revision", {"feedback": "Longer"}, "Acme asked for a revision"),
    (Role.INFLUENCER, "resubmit_work", WORK, "Asha submitted the revision"),
    (Role.SYSTEM, "approved_automatically", None, "Approved, as there was no answer in time"),
    (Role.OPERATOR, "close", None, "An operator closed the conversation"),
]


def test_the_stages_of_a_deal_are_counted_from_one():
    shown = [(one.label, one.position) for one in stages(DEAL)]
    assert shown == list(zip(STAGES, range(1, 7), strict=True))


@pytest.mark.parametrize(("state", "label"), STAGE_OF_STATE.items())
def test_each_state_belongs_to_a_stage(state, label):
    assert stage_of(DEAL, state) == next(one for one in stages(DEAL) if one.label == label)


def test_every_state_except_the_end_is_in_the_table():
    assert STAGE_OF_STATE.keys() | {"chat_closed"} == {state.name for state in DEAL.states}


def test_the_end_has_a_stage_without_a_number():
    assert stage_of(DEAL, "chat_closed").model_dump() == {"key": "closed", "label": "Closed", "position": None}


def test_a_direct_conversation_has_no_stage():
    assert stages(DIRECT) == []
    assert stage_of(DIRECT, "real_time") is None


def test_another_flow_has_stages_of_its_own():
    renamed = tuple(replace(state, stage=Stage(state.name, f"<{state.name}>")) for state in DEAL.states)
    flow = replace(DEAL, states=renamed)
    assert [one.key for one in stages(flow)] == [state.name for state in DEAL.states][:-1]
    assert stage_of(flow, "work_approved").label == "<work_approved>"


def test_a_deployments_numbers_change_no_stage():
    flow = overridden(DEAL, {"rounds": 1, "deadlines": {"work_submitted": timedelta(days=1)}})
    assert stages(flow) == stages(DEAL)
    assert stage_of(flow, "work_submitted") == stage_of(DEAL, "work_submitted")


def test_summaries_name_the_actor_and_the_action():
    game = Simulation(DEAL, "bid", Facts(brand_owner="Acme", influencer="Asha"))
    assert [one.summary for one in game.last.state_changes] == ["Acme made the request"]
    for role, action, data, summary in HISTORY:
        assert game.act(role, action, data).state_changes[0].summary == summary


def test_an_automatic_transition_has_its_own_summary():
    facts = Facts(brand_owner="Acme", influencer="Asha")
    approved = decide(DEAL, "work_submitted", facts, Role.BRAND_OWNER, "approve_work")
    assert [one.summary for one in approved.state_changes] == ["Acme approved the work", "The chat is open"]


def test_the_opening_of_a_direct_conversation_has_a_summary():
    (change,) = opening(DIRECT, "direct", Facts()).state_changes
    assert change.summary == "The conversation was opened"


@pytest.mark.parametrize("name", ["%(influencer)s", "100%", "%s", "<b>Acme</b>", "{0}", "\\1"])
def test_a_name_is_inserted_literally(name):
    facts = Facts(brand_owner=name, influencer="Asha")
    decision = decide(DEAL, "brand_owner_details", facts, Role.BRAND_OWNER, "send_project_details", {"details": name})
    assert [one.summary for one in decision.state_changes] == [f"{name} sent the project"]


def test_whoever_acts_is_the_actor():
    state = DEAL.state("real_time")
    close = replace(state.actions[0], summary="%(actor)s left")
    changed = replace(state, actions=(close,))
    flow = replace(DEAL, states=tuple(changed if one is state else one for one in DEAL.states))
    for role, name in ((Role.BRAND_OWNER, "Acme"), (Role.INFLUENCER, "Asha")):
        decision = decide(flow, "real_time", Facts(brand_owner="Acme", influencer="Asha"), role, close.name)
        assert decision.state_changes[0].summary == f"{name} left"


def test_the_texts_can_be_translated(monkeypatch):
    monkeypatch.setattr(translation._trans, "gettext", lambda text: f"⟦{text}⟧")
    assert [one.label for one in stages(DEAL)] == [f"⟦{label}⟧" for label in STAGES]
    facts = Facts(brand_owner="Acme", influencer="Asha")
    every = [
        *(action.summary for action in DEAL.actions() if action.outcomes),
        *(one.summary for state in DEAL.states for one in state.all_system_actions()),
        *(one.summary for flow in (DEAL, DIRECT) for one in flow.openings),
        DEAL.operator_texts.paused_summary,
        DEAL.operator_texts.resumed_summary,
        DEAL.operator_texts.closed_summary,
        *(state.stage.label for state in DEAL.states),
    ]
    assert [str(text) for text in every if "⟦" not in str(text)] == []
    decision = decide(DEAL, "payment_completed", facts, Role.INFLUENCER, "start_work")
    assert decision.state_changes[0].summary == "⟦Asha started the work⟧"
