"""The one function that decides what happens in a conversation. It reads nothing and writes nothing."""

from dataclasses import dataclass
from typing import Any

from conversations.flows import system_actions
from conversations.flows.decisions import Decision
from conversations.flows.definitions import Action, Flow, Outcome, Role, State, StateKind
from conversations.flows.effects import effects_of
from conversations.flows.errors import ConversationClosed, TextNotAccepted, UnknownAction, WrongRole, WrongState
from conversations.flows.facts import Facts, holds
from conversations.flows.inputs import check_prices, read
from conversations.flows.registry import is_known
from conversations.flows.transitions import Situation, check_open, check_version, move
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
    """What happens when `role` does `action` in `state`, or a `DomainError`.

    A party's `action` is a present or an old name. The system's is `remind` or the name of one of the state's
    events, an operator's is `pause`, `resume` or `close`. `state_version` is that which the mover looked at;
    without it the present state alone decides.

    Refused, in this order: `UnknownAction`, `WrongRole`, `ConversationClosed`, `WrongState` where it is paused,
    `StaleAction`, `WrongState`, `Invalid`. That the mover takes part in the conversation at
    all is for the caller to know.
    """
    at = Situation(flow, state, facts)
    if role is Role.SYSTEM:
        return system_actions.by_system(at, action, state_version)
    if role is Role.OPERATOR:
        return system_actions.by_operator(at, action, data, state_version)
    _check_name(at, role, action)
    check_open(at)
    if facts.paused:
        raise WrongState("An operator has paused the automation.")
    check_version(at, state_version)
    meant = _meant(at.state, action, data)
    outcome = _outcome(at, meant)
    given = read(meant.inputs, data, facts.currency)
    check_prices(meant, given, facts)
    return _by_party(at, role, meant, outcome, given)


def _check_name(at: Situation, role: Role, name: str) -> None:
    """An action that only the other role could take is refused for that before anything else is looked at."""
    here = [action for action in at.state.actions if action.goes_by(name)]
    meant = here or at.flow.known_as(name)
    if not meant and not is_known(name):
        raise UnknownAction
    if meant and not any(role in action.roles for action in meant):
        raise WrongRole


def _meant(state: State, name: str, data: Any) -> Action:
    here = [action for action in state.actions if action.goes_by(name)]
    if not here:
        raise WrongState
    value = data.get("action") if isinstance(data, dict) else None
    meant = next((action for action in here if action.meant_by(name, value)), None)
    if meant is None:
        choices = [old.value for action in here for old in action.old_names if old.name == name and old.value]
        raise Invalid(errors={"action": [f"One of these is needed: {', '.join(choices)}."]})
    return meant


def _outcome(at: Situation, action: Action) -> Outcome | None:
    """Where it leads, or None where it leads nowhere by design."""
    for outcome in action.outcomes:
        if holds(outcome.guard, at.flow, at.facts):
            return outcome
    if action.outcomes:
        raise WrongState
    return None


def _by_party(at: Situation, role: Role, action: Action, outcome: Outcome | None, data: dict[str, Any]) -> Decision:
    effects = effects_of(action, role, at.facts, data)
    if outcome is None:
        return Decision(
            action=action.name,
            data=data,
            standing=at.standing,
            facts=at.facts,
            action_data=at.prompt,
            **effects.records,
        )
    return move(
        at,
        to=outcome.to,
        reason=action.name,
        text=action.text + outcome.text,
        sender=role,
        data=data,
        after=effects.facts,
        **effects.records,
    )


@dataclass(frozen=True)
class Click:
    """An action as it is understood: its present name and its input."""

    action: str
    data: dict[str, Any]


def understood(flow: Flow, state: str, name: str, data: Any, currency: str) -> Click:
    """What a click in `state` means, whatever has happened since; to tell a repeated click from another one.

    Raises `WrongState` or `Invalid` where it means nothing there.
    """
    meant = _meant(flow.state(state), name, data)
    return Click(meant.name, read(meant.inputs, data, currency))


def check_text(flow: Flow, state: str, *, paused: bool) -> None:
    """Whether text may be written by hand now. Raises `ConversationClosed` or `TextNotAccepted`."""
    if flow.state(state).kind is StateKind.FINAL:
        raise ConversationClosed
    if not paused and not flow.state(state).accepts_text:
        raise TextNotAccepted
