"""Transitions of a conversation's flow, as they are stored. The caller has locked the conversation."""

from typing import Any

from accounts.models import User
from conversations.flows import Standing
from conversations.flows.decisions import Step
from conversations.models import Conversation, Transition


def stand(conversation: Conversation, standing: Standing, state_version: int) -> None:
    """Put a conversation where it is said to stand; saving it is the caller's."""
    conversation.flow_state = standing.flow_state
    conversation.chat_status = standing.chat_status.value
    conversation.awaiting_role = standing.awaiting_role.value if standing.awaiting_role else None
    conversation.automation_enabled = standing.automation_enabled
    conversation.state_version = state_version


def record_transition(
    *, conversation: Conversation, step: Step, actor: User, data: dict[str, Any] | None = None
) -> Transition:
    """Write a step that the conversation has already taken; its events follow from it."""
    transition = transition_of(conversation=conversation, step=step, actor=actor, data=data)
    transition.save()
    return transition


def transition_of(
    *, conversation: Conversation, step: Step, actor: User, data: dict[str, Any] | None = None
) -> Transition:
    """The row of a step, not yet saved."""
    return Transition(
        conversation=conversation,
        from_standing=_words(step.before) if step.before else None,
        to_standing=_words(step.after),
        action=step.reason,
        actor=actor,
        data=data or {},
        state_version=step.state_version,
        flow_version=conversation.flow_version,
    )


def _words(standing: Standing) -> dict[str, str | None]:
    return {
        "chat_status": standing.chat_status.value,
        "flow_state": standing.flow_state,
        "awaiting_role": standing.awaiting_role.value if standing.awaiting_role else None,
    }
