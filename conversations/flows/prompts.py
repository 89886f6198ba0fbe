"""The prompts for the awaited role and the available actions of a participant, made from the flow's data."""

from collections.abc import Mapping
from typing import Any

from conversations.flows.definitions import Action, Flow, Input, Role
from conversations.flows.facts import Facts, holds, template_values
from conversations.flows.kinds import InputKind, PriceRule
from conversations.flows.money import format_price
from conversations.flows.price_limits import general_limits, price_limits
from conversations.flows.schemas import ActionData, AvailableAction, Button, InputField, SubmitButton
from conversations.flows.templates import render


def _field(field: Input, currency: str) -> InputField:
    is_required_text = field.required and field.max_length is not None
    return InputField(
        id=field.id,
        type=field.kind.value,
        label=str(field.label),
        required=field.required,
        **_limits(field, currency),
        min_length=1 if is_required_text else None,
        max_length=field.max_length,
        max_items=field.max_items,
    )


def _limits(field: Input, currency: str) -> dict[str, str]:
    """Return the limits of a price as decimal strings. The echo of an offer need not be a price that can be charged."""
    if field.kind is not InputKind.PRICE:
        return {}
    limits = general_limits(currency) if field.price_rule is PriceRule.ECHO else price_limits(currency)
    if limits.is_empty:  # every price is refused, with the reason
        limits = general_limits(currency)
    found = {"min": limits.smallest, "max": limits.largest, "step": limits.step}
    return {name: format_price(minor, currency) for name, minor in found.items()}


def _fields(action: Action, facts: Facts) -> list[InputField]:
    return [_field(field, facts.currency) for field in action.inputs]


def _button(action: Action, facts: Facts) -> Button:
    return Button(
        id=action.name,
        text=str(action.label),
        style=action.style,
        action=action.name,
        inputs=_fields(action, facts) or None,
    )


def _controls(actions: list[Action], facts: Facts) -> dict[str, Any]:
    """Return the controls of a prompt: a form if its only action has inputs, else buttons."""
    if len(actions) == 1 and actions[0].inputs:
        fields = _fields(actions[0], facts)
        submit = SubmitButton(text=str(actions[0].label), action=actions[0].name)
        return {"buttons": [], "input_field": fields[0], "inputs": fields, "submit_button": submit}
    return {"buttons": [_button(action, facts) for action in actions]}


def possible_actions(flow: Flow, state: str, facts: Facts, role: Role) -> list[Action]:
    """Return the actions that a role can take now."""
    if facts.paused:
        return []
    return [
        action
        for action in flow.state(state).actions
        if role in action.roles
        and (not action.outcomes or any(holds(outcome.guard, flow, facts) for outcome in action.outcomes))
    ]


def action_data(flow: Flow, state: str, facts: Facts) -> dict[str, Any] | None:
    """Return the current prompt (the JSON form of an `ActionData`), or None if no role is awaited."""
    awaiting = flow.state(state).awaiting
    if awaiting is None or facts.paused:
        return None
    known = template_values(flow, facts)
    prompt = ActionData(
        title=render(flow.state(state).title, known),
        subtitle=render(flow.state(state).subtitle, known),
        role=awaiting.value,
        flow_state=state,
        state_version=facts.state_version,
        **_controls(possible_actions(flow, state, facts, awaiting), facts),
    )
    return prompt.model_dump(exclude_none=True)


def available_actions(flow: Flow, state: str, facts: Facts, role: Role) -> list[dict[str, Any]]:
    """Return the actions that a role can take now, each as the JSON form of an `AvailableAction`."""
    return [
        AvailableAction(
            action=action.name,
            role=role.value,
            label=str(action.label),
            style=action.style,
            state_version=facts.state_version,
            inputs=_fields(action, facts),
        ).model_dump(exclude_none=True)
        for action in possible_actions(flow, state, facts, role)
    ]


def displayed_prompt(prompt: Mapping[str, Any] | None, state_version: int) -> dict[str, Any] | None:
    """Return a stored prompt as clients receive it: with `completed: true` after the next transition."""
    if prompt is None:
        return None
    done = prompt["state_version"] != state_version
    return {**prompt, "completed": True} if done else dict(prompt)
