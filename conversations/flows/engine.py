"""The function that decides what happens in a conversation. It does not access the database."""

from dataclasses import dataclass
from typing import Any

from conversations.flows import system_actions
from conversations.flows.decisions import Decision
from conversations.flows.definitions import Action, Flow, Outcome, PlannedTransition, Role, State, StateKind
from conversations.flows.effects import effects_of
from conversations.flows.errors import ConversationClosed, TextNotAccepted, UnknownAction, WrongRole, WrongState
from conversations.flows.facts import Facts, holds
from conversations.flows.inputs import check_prices, read
from conversations.flows.registry import is_known
from conversations.flows.transitions import CurrentState, check_open, check_version, transition_to
from foundation.errors import Invalid


def decide(
    flow: Flow,
    state: str,
    facts: Facts,
    role: Role,
    action: str,
    data: Any = None,
    *,
    state_version: int | None = None,
) -> Decision:
    """Return the decision for `role` taking `action` in `state`.

    For a party, `action` is a name or an alias. For the system, it is `remind` or the name of one of the state's system
    actions. For an operator, it is `pause`, `resume` or `close`. `state_version` is the version that the actor has
    seen; without it only the current state counts.

    Raises, in this order: `UnknownAction`, `WrongRole`, `ConversationClosed`, `WrongState` if the conversation is
    paused, `StaleAction`, `WrongState`, `Invalid`. The caller must check that the actor is a participant.
    """
    current = CurrentState(flow, state, facts)
    if role is Role.SYSTEM:
        return system_actions.by_system(current, action, state_version)
    if role is Role.OPERATOR:
        return system_actions.by_operator(current, action, data, state_version)
    _check_name(current, role, action)
    check_open(current)
    if facts.paused:
        raise WrongState("An operator has paused the automation.")
    check_version(current, state_version)
    found = _find_action(current.state, action, data)
    outcome = _outcome(current, found)
    cleaned_data = read(found.inputs, data, facts.currency)
    check_prices(found, cleaned_data, facts)
    return _by_party(current, role, found, outcome, cleaned_data)


def _check_name(current: CurrentState, role: Role, name: str) -> None:
    """Check that the action exists and that the role can take it. These errors are raised before all other errors."""
    here = [action for action in current.state.actions if action.has_name(name)]
    found = here or current.flow.actions_named(name)
    if not found and not is_known(name):
        raise UnknownAction
    if found and not any(role in action.roles for action in found):
        raise WrongRole


def _find_action(state: State, name: str, data: Any) -> Action:
    here = [action for action in state.actions if action.has_name(name)]
    if not here:
        raise WrongState
    value = data.get("action") if isinstance(data, dict) else None
    found = next((action for action in here if action.matches(name, value)), None)
    if found is None:
        choices = [alias.value for action in here for alias in action.aliases if alias.name == name and alias.value]
        raise Invalid(errors={"action": [f"One of these is needed: {', '.join(choices)}."]})
    return found


def _outcome(current: CurrentState, action: Action) -> Outcome | None:
    """Return the first outcome whose guard holds, or None if the action has no outcomes."""
    for outcome in action.outcomes:
        if holds(outcome.guard, current.flow, current.facts):
            return outcome
    if action.outcomes:
        raise WrongState
    return None


def _by_party(
    current: CurrentState, role: Role, action: Action, outcome: Outcome | None, data: dict[str, Any]
) -> Decision:
    effects = effects_of(action, role, current.facts, data)
    if outcome is None:
        return Decision(
            action=action.name,
            data=data,
            conversation_state=current.conversation_state,
            facts=current.facts,
            action_data=current.prompt,
            **effects.records,
        )
    return transition_to(
        current,
        PlannedTransition(name=action.name, to=outcome.to, text=action.text + outcome.text, summary=action.summary),
        sender=role,
        data=data,
        after=effects.facts,
        **effects.records,
    )


@dataclass(frozen=True)
class ResolvedAction:
    """An action with its current name and cleaned input."""

    action: str
    data: dict[str, Any]


def resolve_action(flow: Flow, state: str, name: str, data: Any, currency: str) -> ResolvedAction:
    """Return the action that a name and data mean in `state`, which need not be the current state.

    The caller uses it to recognize repeated requests. Raises `WrongState` or `Invalid` if there is no such action.
    """
    found = _find_action(flow.state(state), name, data)
    return ResolvedAction(found.name, read(found.inputs, data, currency))


def check_text(flow: Flow, state: str, *, paused: bool) -> None:
    """Check that participants can write text in this state. Raises `ConversationClosed` or `TextNotAccepted`."""
    if flow.state(state).kind is StateKind.FINAL:
        raise ConversationClosed
    if not paused and not flow.state(state).accepts_text:
        raise TextNotAccepted
