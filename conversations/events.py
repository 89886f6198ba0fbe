"""The events of a conversation's flow, and of people typing."""

from conversations.payloads import ConversationUpdatedPayload, StateChangedPayload, TypingPayload
from realtime import Event, registry

CONVERSATION = "01980000-0000-7000-8000-00000000000c"
PERSON = "01980000-0000-7000-8000-000000000001"
EXAMPLE_CONTEXT = {
    "id": CONVERSATION,
    "chat_status": "automated",
    "flow_state": "brand_owner_details",
    "awaiting_role": "brand_owner",
    "conversation_type": "bid",
    "automation_enabled": True,
    "current_action_data": None,
    "state_version": 2,
    "due_at": "2026-01-08T12:00:00.000Z",
}
"""An example context. The documents of other events use it too."""

CONVERSATION_STATE_CHANGED = registry.event(
    Event(
        name="conversation_state_changed",
        payload=StateChangedPayload,
        room="conversation_<id>",
        when="The flow made a transition, or the conversation was opened. It is the first event of a transition.",
        logged=True,
        example={
            "seq": 4,
            "conversation_id": CONVERSATION,
            "previous_state": {
                "chat_status": "automated",
                "flow_state": "influencer_responding",
                "awaiting_role": "influencer",
            },
            "new_state": {
                "chat_status": "automated",
                "flow_state": "brand_owner_details",
                "awaiting_role": "brand_owner",
            },
            "reason": "accept_connection",
            "summary": "Mira accepted the request",
            "timestamp": "2026-01-01T12:00:00.000Z",
        },
    )
)

CONVERSATION_UPDATED = registry.event(
    Event(
        name="conversation_updated",
        payload=ConversationUpdatedPayload,
        room="conversation_<id>",
        when="Follows each `conversation_state_changed` and contains the whole new context.",
        logged=True,
        example={
            "seq": 5,
            "conversation_id": CONVERSATION,
            "flow_state": "brand_owner_details",
            "awaiting_role": "brand_owner",
            "chat_status": "automated",
            "conversation_type": "bid",
            "stage": {"key": "project", "label": "Project", "position": 2},
            "conversation_context": EXAMPLE_CONTEXT,
        },
    )
)

USER_TYPING = registry.event(
    Event(
        name="user_typing",
        payload=TypingPayload,
        room="conversation_<id>",
        when="Another user in the conversation started or stopped typing.",
        logged=False,
        example={"conversationId": CONVERSATION, "userId": PERSON, "isTyping": True},
    )
)
