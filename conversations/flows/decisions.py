"""The decisions of the engine: data that says what to store. This module stores nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from conversations.flows.definitions import ChatStatus, Deadline, Flow, Reminders, Role, StateKind
from conversations.flows.facts import Facts, Offer


@dataclass(frozen=True, kw_only=True)
class ConversationState:
    """The state of a conversation, with the values of the API."""

    flow_state: str
    chat_status: ChatStatus
    awaiting_role: Role | None
    automation_enabled: bool


@dataclass(frozen=True, kw_only=True)
class StateChange:
    """The data of one transition.

    `before` is None for the opening. `state_version` is the version after the transition. `summary` says who did what.
    """

    before: ConversationState | None
    after: ConversationState
    reason: str
    state_version: int
    summary: str


@dataclass(frozen=True, kw_only=True)
class SystemMessage:
    """The system message of a decision. The sender is a party or the system; `action_data` is the current prompt."""

    text: str
    sender: Role
    receiver: Role
    action_data: Mapping[str, Any] | None

    @property
    def action_required(self) -> bool:
        return self.action_data is not None


class Timing(StrEnum):
    """How a decision changes the deadline and the reminder of the conversation."""

    KEEP = "keep"
    RESTART = "restart"
    """Replace the deadline and the reminder by `due`. While the conversation is paused, the full length of `due` is
    held."""
    HOLD = "hold"
    """Stop the deadline and the reminder, and store the time that was left of each. Time that is held stays held."""
    RESUME = "resume"
    """Continue the deadline and the reminder with the time that was left."""
    REMINDED = "reminded"
    """Keep the deadline. The next reminder is sent after `due.remind_after`. If `remind_after` is None, no reminder is
    sent."""


@dataclass(frozen=True, kw_only=True)
class Due:
    """A deadline and a reminder, counted from now. The system takes `system_action` when `after` has passed."""

    after: timedelta | None = None
    remind_after: timedelta | None = None
    system_action: str | None = None


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """Delivered work. `number` counts from 1; `attachments` are upload ids."""

    number: int
    deliverables: str
    description: str
    notes: str
    attachments: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RevisionRequest:
    """A request to revise the work. `number` counts from 1."""

    number: int
    feedback: str


@dataclass(frozen=True, kw_only=True)
class Decision:
    """A decision of the engine. `data` is the cleaned input.

    `facts` and `conversation_state` are the values after the decision. If `state_changes` is empty, no transition is
    made, no state event is sent, and `state_version` does not change.
    """

    action: str
    data: Mapping[str, Any] = field(default_factory=dict)
    conversation_state: ConversationState
    facts: Facts
    state_changes: tuple[StateChange, ...] = ()
    message: SystemMessage | None = None
    action_data: Mapping[str, Any] | None = None
    timing: Timing = Timing.KEEP
    due: Due = Due()
    offer: Offer | None = None
    accepted: Offer | None = None
    withdrawn: Offer | None = None
    delivery: Delivery | None = None
    revision: RevisionRequest | None = None
    payment: Offer | None = None
    """The accepted offer that the payer wants to pay. The payment order of the offer is opened, or returned if it is
    already open."""


def conversation_state(flow: Flow, state: str, *, paused: bool = False) -> ConversationState:
    """Return the state of a conversation, with the values of the API.

    A paused conversation keeps its state and the awaited role; both parties can write freely.
    """
    found = flow.state(state)
    return ConversationState(
        flow_state=found.name,
        chat_status=ChatStatus.REAL_TIME if paused else found.chat_status,
        awaiting_role=found.awaiting,
        automation_enabled=found.kind is StateKind.GUIDED and not paused,
    )


def due_in(flow: Flow, state: str) -> Due:
    """Return the deadline and reminder of a state, counted from the entry into the state."""
    rule = flow.state(state).inactivity
    if isinstance(rule, Deadline):
        return Due(after=rule.after, remind_after=rule.reminder, system_action=rule.system_action.name)
    if isinstance(rule, Reminders):
        return Due(remind_after=rule.every)
    return Due()
