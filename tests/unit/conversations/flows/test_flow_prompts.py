"""Prompts and available actions, in the form that clients expect."""

from dataclasses import replace

import pytest

from conversations.flows import Facts, Role, action_data, available_actions, displayed_prompt
from conversations.flows.deal.flow import DEAL_2
from conversations.flows.schemas import ActionData, AvailableAction
from tests.unit.conversations.flows.deal_table import STATES

PRICE = {
    "id": "price",
    "type": "number",
    "label": "Price",
    "required": True,
    "min": "0.01",
    "max": "99999999.99",
    "step": "0.01",
}
AWAITED = [state for state, (awaiting, *_) in STATES.items() if awaiting]
FORMS = {
    "brand_owner_details": ["details"],
    "brand_owner_pricing": ["price"],
    "influencer_price_input": ["price"],
    "work_in_progress": ["deliverables", "description", "notes", "attachments"],
    "work_revision_requested": ["deliverables", "description", "notes", "attachments"],
}
WITHDRAWN_IN = {
    "influencer_responding": ["withdraw_request"],
    "influencer_reviewing": ["withdraw_request"],
    "influencer_price_response": ["withdraw_offer"],
    "brand_owner_price_response": ["withdraw_counter_offer"],
    "influencer_final_response": ["withdraw_offer"],
}


def test_actions_that_withdraw_or_end_need_confirmation():
    """Pages ask before actions with this style."""
    found = {
        action.name: action.style
        for state in DEAL_2.states
        for action in state.actions
        if action.name.startswith("withdraw_") or any(outcome.to == DEAL_2.closed for outcome in action.outcomes)
    }
    assert {"withdraw_request", "withdraw_offer", "withdraw_counter_offer", "reject_final_work"} <= found.keys()
    assert set(found.values()) == {"danger"}


def test_buttons_and_the_input_of_one_of_them(deal, facts):
    prompt = action_data(deal, "brand_owner_price_response", facts)
    assert prompt == {
        "title": "Counter-offer: ₹1,500.00",
        "subtitle": "Accept it, decline it, or make a final offer. Rounds left: 2.",
        "role": "brand_owner",
        "flow_state": "brand_owner_price_response",
        "state_version": 7,
        "buttons": [
            {
                "id": "accept_counter_offer",
                "text": "Accept counter-offer",
                "style": "success",
                "action": "accept_counter_offer",
            },
            {
                "id": "reject_counter_offer",
                "text": "Decline counter-offer",
                "style": "danger",
                "action": "reject_counter_offer",
            },
            {
                "id": "make_final_offer",
                "text": "Make a final offer",
                "style": "secondary",
                "action": "make_final_offer",
                "inputs": [PRICE],
            },
        ],
    }


def test_a_form_for_the_one_action_that_takes_input(deal, facts):
    prompt = action_data(deal, "brand_owner_details", facts)
    field = {
        "id": "details",
        "type": "textarea",
        "label": "Project details",
        "required": True,
        "min_length": 1,
        "max_length": 5_000,
    }
    assert prompt == {
        "title": "Project details",
        "subtitle": "Describe the project to Asha.",
        "role": "brand_owner",
        "flow_state": "brand_owner_details",
        "state_version": 7,
        "buttons": [],
        "input_field": field,
        "inputs": [field],
        "submit_button": {"text": "Send details", "action": "send_project_details"},
    }


@pytest.mark.parametrize("state", AWAITED)
def test_every_prompt_is_a_form_or_a_button_for_each_action(deal, facts, state):
    prompt = ActionData.model_validate(action_data(deal, state, facts))
    offered = available_actions(deal, state, facts, Role(prompt.role))
    if state in FORMS:
        assert prompt.buttons == []
        assert [field.id for field in prompt.inputs] == FORMS[state]
        assert prompt.input_field == prompt.inputs[0]
        assert [prompt.submit_button.action] == [action["action"] for action in offered]
    else:
        assert [button.action for button in prompt.buttons] == [action["action"] for action in offered]
        assert [button.id for button in prompt.buttons] == [button.action for button in prompt.buttons]
        assert prompt.inputs is prompt.input_field is prompt.submit_button is None
    for action in offered:
        assert AvailableAction.model_validate(action).model_dump(exclude_none=True) == action
        assert (action["role"], action["state_version"]) == (prompt.role, 7)
    other = available_actions(deal, state, facts, deal.other_party(Role(prompt.role)))
    assert [action["action"] for action in other] == WITHDRAWN_IN.get(state, [])


@pytest.mark.parametrize("state", sorted(STATES.keys() - set(AWAITED)))
def test_states_without_an_awaited_role_have_no_prompt(deal, facts, state):
    assert action_data(deal, state, facts) is None


def test_either_party_can_close_the_free_chat(deal, facts):
    for role in deal.parties:
        (action,) = available_actions(deal, "real_time", facts, role)
        assert (action["action"], action["role"]) == ("close_conversation", role)
    assert available_actions(deal, "real_time", facts, Role.OPERATOR) == []


def test_a_pause_has_no_actions_and_no_prompt(deal, facts):
    paused = replace(facts, paused=True)
    assert action_data(deal, "payment_pending", paused) is None
    assert available_actions(deal, "payment_pending", paused, Role.BRAND_OWNER) == []


def test_fields_contain_the_enforced_bounds(deal, facts):
    (submit,) = available_actions(deal, "work_in_progress", facts, Role.INFLUENCER)
    assert submit["inputs"][2:] == [
        {"id": "notes", "type": "textarea", "label": "Notes", "required": False, "max_length": 5_000},
        {"id": "attachments", "type": "files", "label": "Attachments", "required": False, "max_items": 10},
    ]
    yen = Facts(currency="JPY")
    (offer,) = available_actions(deal, "brand_owner_pricing", yen, Role.BRAND_OWNER)
    assert (offer["inputs"][0]["min"], offer["inputs"][0]["max"]) == ("1", "99999999")


def test_an_outdated_prompt_is_shown_as_completed(deal, facts):
    prompt = action_data(deal, "payment_pending", facts)
    assert displayed_prompt(prompt, 7) == prompt
    assert displayed_prompt(prompt, 8) == prompt | {"completed": True}
    assert "completed" not in prompt
    assert displayed_prompt(None, 8) is None
