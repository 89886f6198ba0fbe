"""Payloads of a conversation's flow."""

from typing import Any

from accounts.payloads import PersonPayload
from conversations.fixed_values import AwaitedRole, ChatStatusName, ConversationTypeName
from conversations.flows import displayed_prompt, stage_of
from conversations.flows.schemas import ActionData, FlowStage
from conversations.models import Conversation, Transition
from foundation.schemas import Id, Schema, Timestamp


class ContextPayload(Schema):
    id: Id
    chat_status: ChatStatusName
    flow_state: str
    awaiting_role: AwaitedRole | None
    conversation_type: ConversationTypeName
    automation_enabled: bool
    current_action_data: ActionData | None
    state_version: int
    due_at: Timestamp | None

    @classmethod
    def of(cls, conversation: Conversation) -> "ContextPayload":
        return cls.model_construct(**context_members(conversation))


def context_members(conversation: Conversation) -> dict[str, Any]:
    """Return the members of a context, for payloads that contain them at their top level."""
    return {
        "id": conversation.id,
        "chat_status": conversation.chat_status,
        "flow_state": conversation.flow_state,
        "awaiting_role": conversation.awaiting_role,
        "conversation_type": conversation.conversation_type,
        "automation_enabled": conversation.automation_enabled,
        "current_action_data": displayed_prompt(conversation.current_action_data, conversation.state_version),
        "state_version": conversation.state_version,
        "due_at": conversation.due_at,
    }


class ConversationStatePayload(Schema):
    chat_status: ChatStatusName
    flow_state: str
    awaiting_role: AwaitedRole | None


class StateChangedPayload(Schema):
    """A transition of the flow. `reason` is the name of the action or system action; `summary` says who did what."""

    conversation_id: Id
    previous_state: ConversationStatePayload | None
    new_state: ConversationStatePayload
    reason: str
    summary: str
    timestamp: Timestamp

    @classmethod
    def of(cls, transition: Transition) -> "StateChangedPayload":
        return cls(
            conversation_id=transition.conversation_id,
            previous_state=transition.from_state,
            new_state=transition.to_state,
            reason=transition.action,
            summary=transition.summary,
            timestamp=transition.created_at,
        )


class ConversationUpdatedPayload(Schema):
    conversation_id: Id
    flow_state: str
    awaiting_role: AwaitedRole | None
    chat_status: ChatStatusName
    conversation_type: ConversationTypeName
    stage: FlowStage | None
    conversation_context: ContextPayload

    @classmethod
    def of(cls, conversation: Conversation) -> "ConversationUpdatedPayload":
        return cls(
            conversation_id=conversation.pk,
            flow_state=conversation.flow_state,
            awaiting_role=conversation.awaiting_role,
            chat_status=conversation.chat_status,
            conversation_type=conversation.conversation_type,
            stage=stage_of(conversation.flow, conversation.flow_state),
            conversation_context=ContextPayload.of(conversation),
        )


class TypingPayload(Schema):
    """Whether a user types. This is the only event with keys in camelCase."""

    conversationId: Id
    userId: Id
    isTyping: bool


class OtherUserPayload(PersonPayload):
    online: bool
    last_seen: Timestamp | None
