"""What all transitions share: the checks before, the steps, the message, and the prompt afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from conversations.flows.decisions import (
    ConversationState,
    Decision,
    StateChange,
    SystemMessage,
    Timing,
    conversation_state,
    due_in,
)
from conversations.flows.definitions import Flow, Role, State, StateKind, Template
from conversations.flows.errors import ConversationClosed, StaleAction
from conversations.flows.facts import Facts, template_values
from conversations.flows.prompts import action_data
from conversations.flows.templates import paragraphs


@dataclass(frozen=True)
class CurrentState:
    """The present state of a conversation: its flow, the name of the state, and the facts."""

    flow: Flow
    state_name: str
    facts: Facts

    @property
    def state(self) -> State:
        return self.flow.state(self.state_name)

    @property
    def conversation_state(self) -> ConversationState:
        return conversation_state(self.flow, self.state_name, paused=self.facts.paused)

    @property
    def prompt(self) -> dict[str, Any] | None:
        return action_data(self.flow, self.state_name, self.facts)

    def name_of(self, role: Role) -> str | None:
        return {Role.BRAND_OWNER: self.facts.brand_owner, Role.INFLUENCER: self.facts.influencer}.get(role)


def check_current(current: CurrentState, state_version: int | None) -> None:
    """Raises `ConversationClosed`, or `StaleAction` where the actor has seen another version."""
    check_open(current)
    check_version(current, state_version)


def check_open(current: CurrentState) -> None:
    """Raises `ConversationClosed`."""
    if current.state.kind is StateKind.FINAL:
        raise ConversationClosed


def check_version(current: CurrentState, state_version: int | None) -> None:
    """Raises `StaleAction`."""
    if state_version is not None and state_version != current.facts.state_version:
        raise StaleAction


def state_changes_to(current: CurrentState, to: str, reason: str, *, paused: bool) -> tuple[StateChange, ...]:
    """The step to a state, and the automatic transitions from there, with increasing versions."""
    state_changes: list[StateChange] = []
    left, version = current.conversation_state, current.facts.state_version
    following: str | None = to
    while following is not None:
        version += 1
        reached = conversation_state(current.flow, following, paused=paused)
        state_changes.append(StateChange(before=left, after=reached, reason=reason, state_version=version))
        system_action, left = current.flow.state(following).automatic_transition, reached
        following, reason = (system_action.to, system_action.name) if system_action else (None, reason)
    return tuple(state_changes)


def message(
    current: CurrentState, text: tuple[Template, ...], *, sender: Role, input_values: Mapping[str, Any]
) -> SystemMessage:
    """The system message of a transition that led to `current`; `input_values` fills placeholders of the texts."""
    message_values = {name: value for name, value in input_values.items() if isinstance(value, str)}
    actor = current.name_of(sender)
    if actor is not None:
        message_values["actor"] = actor
    flow = current.flow
    return SystemMessage(
        text=paragraphs(text, message_values | template_values(flow, current.facts)),
        sender=sender,
        receiver=flow.system_receiver(current.state_name) if sender is Role.SYSTEM else flow.other_party(sender),
        action_data=current.prompt,
    )


def transition_to(
    current: CurrentState,
    *,
    to: str,
    reason: str,
    text: tuple[Template, ...],
    sender: Role = Role.SYSTEM,
    data: Mapping[str, Any] | None = None,
    after: Facts | None = None,
    timing: Timing = Timing.RESTART,
    **records: Any,
) -> Decision:
    """The decision to go to a state. `after` are the facts afterwards, `records` what is to be recorded."""
    facts = after or current.facts
    state_changes = state_changes_to(current, to, reason, paused=facts.paused)
    last = state_changes[-1]
    reached = CurrentState(current.flow, last.after.flow_state, replace(facts, state_version=last.state_version))
    return Decision(
        action=reason,
        data=data or {},
        conversation_state=last.after,
        facts=reached.facts,
        state_changes=state_changes,
        message=message(reached, text, sender=sender, input_values=data or {}),
        action_data=reached.prompt,
        timing=timing,
        due=due_in(current.flow, reached.state_name),
        **records,
    )
