"""Storing the transitions of a conversation's flow. The caller must have locked the conversation."""

from typing import Any

from accounts.models import User
from conversations.flows import ConversationState
from conversations.flows.decisions import StateChange
from conversations.models import Conversation, Transition


def set_state(conversation: Conversation, conversation_state: ConversationState, state_version: int) -> None:
    """Set the state of a conversation. The caller must save the conversation."""
    conversation.flow_state = conversation_state.flow_state
    conversation.chat_status = conversation_state.chat_status.value
    conversation.awaiting_role = conversation_state.awaiting_role.value if conversation_state.awaiting_role else None
    conversation.automation_enabled = conversation_state.automation_enabled
    conversation.state_version = state_version


def record_transition(
    *, conversation: Conversation, change: StateChange, actor: User, data: dict[str, Any] | None = None
) -> Transition:
    """Store the transition of a state change. Saving it publishes its events."""
    transition = transition_of(conversation=conversation, change=change, actor=actor, data=data)
    transition.save()
    return transition


def transition_of(
    *, conversation: Conversation, change: StateChange, actor: User, data: dict[str, Any] | None = None
) -> Transition:
    """Return the transition of a state change without saving it."""
    return Transition(
        conversation=conversation,
        from_state=_state_data(change.before) if change.before else None,
        to_state=_state_data(change.after),
        action=change.reason,
        summary=change.summary,
        actor=actor,
        data=data or {},
        state_version=change.state_version,
        flow_version=conversation.flow_version,
    )


def _state_data(conversation_state: ConversationState) -> dict[str, str | None]:
    return {
        "chat_status": conversation_state.chat_status.value,
        "flow_state": conversation_state.flow_state,
        "awaiting_role": conversation_state.awaiting_role.value if conversation_state.awaiting_role else None,
    }
