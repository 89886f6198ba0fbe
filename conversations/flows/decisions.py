"""What the engine decides: everything that has to be written, and nothing that writes it."""

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
    """One Transition: `before` is None for the opening, `state_version` is the one it leads to, `summary` says in
    words who did what."""

    before: ConversationState | None
    after: ConversationState
    reason: str
    state_version: int
    summary: str


@dataclass(frozen=True, kw_only=True)
class SystemMessage:
    """The one system message, from a party or the system; `action_data` is the current prompt, if any."""

    text: str
    sender: Role
    receiver: Role
    action_data: Mapping[str, Any] | None

    @property
    def action_required(self) -> bool:
        return self.action_data is not None


class Timing(StrEnum):
    """What becomes of the conversation's deadline and reminder."""

    KEEP = "keep"
    RESTART = "restart"
    """Forget both, take `due` (held at its whole length where the conversation is paused)."""
    HOLD = "hold"
    """Stop, and remember how much of each was left."""
    RESUME = "resume"
    """Go on with what was left."""
    REMINDED = "reminded"
    """The deadline stays; the next reminder comes after `due.remind_after`, if at all."""


@dataclass(frozen=True, kw_only=True)
class Due:
    """Counted from now. `system_action` is what the system does when `after` is over."""

    after: timedelta | None = None
    remind_after: timedelta | None = None
    system_action: str | None = None


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """Work delivered; `number` counts from 1, `attachments` are upload ids."""

    number: int
    deliverables: str
    description: str
    notes: str
    attachments: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RevisionRequest:
    """`number` counts from 1."""

    number: int
    feedback: str


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What happens. `facts` and `conversation_state` are those afterwards; `data` is the cleaned input.

    Without `state_changes` there is no transition, no state event, and the version stays.
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
    delivery: Delivery | None = None
    revision: RevisionRequest | None = None
    payment: Offer | None = None
    """The accepted offer for which an order is to be opened, or the open one answered again."""


def conversation_state(flow: Flow, state: str, *, paused: bool = False) -> ConversationState:
    """A paused conversation keeps its state and the awaited role; people write freely meanwhile."""
    found = flow.state(state)
    return ConversationState(
        flow_state=found.name,
        chat_status=ChatStatus.REAL_TIME if paused else found.chat_status,
        awaiting_role=found.awaiting,
        automation_enabled=found.kind is StateKind.GUIDED and not paused,
    )


def due_in(flow: Flow, state: str) -> Due:
    """The deadline and reminder of a state, counted from entering it."""
    rule = flow.state(state).inactivity
    if isinstance(rule, Deadline):
        return Due(after=rule.after, remind_after=rule.reminder, system_action=rule.system_action.name)
    if isinstance(rule, Reminders):
        return Due(remind_after=rule.every)
    return Due()
