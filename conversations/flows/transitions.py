"""Functions that all transitions use: checks, state changes, and the message with the new prompt."""

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
from conversations.flows.definitions import Flow, PlannedTransition, Role, State, StateKind, Template
from conversations.flows.errors import ConversationClosed, StaleAction
from conversations.flows.facts import Facts, template_values
from conversations.flows.prompts import action_data
from conversations.flows.templates import paragraphs, render


@dataclass(frozen=True)
class CurrentState:
    """The current state of a conversation: its flow, the name of the state, and the facts."""

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
    """Raise `ConversationClosed`, or `StaleAction` if the actor has seen another version."""
    check_open(current)
    check_version(current, state_version)


def check_open(current: CurrentState) -> None:
    """Raise `ConversationClosed` if the state is final."""
    if current.state.kind is StateKind.FINAL:
        raise ConversationClosed


def check_version(current: CurrentState, state_version: int | None) -> None:
    """Raise `StaleAction` if the actor has seen another version. None means that the actor sent no version."""
    if state_version is not None and state_version != current.facts.state_version:
        raise StaleAction


def state_changes_to(
    current: CurrentState, planned: PlannedTransition, *, facts: Facts, sender: Role
) -> tuple[StateChange, ...]:
    """Return the planned transition and the automatic transitions that follow, with increasing versions.

    `facts` are the facts after the transition.
    """
    state_changes: list[StateChange] = []
    left, version = current.conversation_state, current.facts.state_version
    values = template_values(current.flow, facts) | {"actor": current.name_of(sender) or ""}
    following: PlannedTransition | None = planned
    while following is not None:
        version += 1
        change = StateChange(
            before=left,
            after=conversation_state(current.flow, following.to, paused=facts.paused),
            reason=following.name,
            state_version=version,
            summary=render(following.summary, values),
        )
        state_changes.append(change)
        left, following = change.after, current.flow.state(following.to).automatic_transition
    return tuple(state_changes)


def message(
    current: CurrentState, text: tuple[Template, ...], *, sender: Role, input_values: Mapping[str, Any]
) -> SystemMessage:
    """Return the system message of a transition that led to `current`. `input_values` fill placeholders of the text."""
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
    planned: PlannedTransition,
    *,
    sender: Role = Role.SYSTEM,
    data: Mapping[str, Any] | None = None,
    after: Facts | None = None,
    timing: Timing = Timing.RESTART,
    **records: Any,
) -> Decision:
    """Return the decision to make a transition.

    `data` is the cleaned input, `after` the new facts (default: unchanged), `records` further fields of the decision.
    A new deadline ends an interruption, and a final state ends a pause.
    """
    facts = after or current.facts
    if timing is Timing.RESTART:
        facts = replace(facts, interrupted_state=None)
    if current.flow.state(planned.to).kind is StateKind.FINAL:
        facts = replace(facts, paused=False)
    state_changes = state_changes_to(current, planned, facts=facts, sender=sender)
    last = state_changes[-1]
    reached = CurrentState(current.flow, last.after.flow_state, replace(facts, state_version=last.state_version))
    return Decision(
        action=planned.name,
        data=data or {},
        conversation_state=last.after,
        facts=reached.facts,
        state_changes=state_changes,
        message=message(reached, planned.text, sender=sender, input_values=data or {}),
        action_data=reached.prompt,
        timing=timing,
        due=due_in(current.flow, reached.state_name),
        **records,
    )
