"""The events of messages and of the conversation list."""

from typing import Any

from conversations.events import CONVERSATION, EXAMPLE_CONTEXT, PERSON
from messaging.payloads import (
    ListUpdatedPayload,
    MessageDeletedPayload,
    MessagesReadPayload,
    MessageUpdatedPayload,
    NewMessagePayload,
)
from realtime import Event, registry

OTHER_PERSON = "01980000-0000-7000-8000-000000000002"
EXAMPLE_MESSAGE: dict[str, Any] = {
    "id": "01980000-0000-7000-8000-00000000000a",
    "conversation_id": CONVERSATION,
    "sender_id": PERSON,
    "receiver_id": OTHER_PERSON,
    "message": "Shall we shoot on Friday?",
    "media_url": None,
    "message_type": "user_input",
    "is_automated": False,
    "action_required": False,
    "action_data": None,
    "created_at": "2026-01-01T12:00:00.000Z",
    "seq": 6,
    "client_message_id": "b1c2",
    "edited_at": None,
    "deleted_at": None,
    "read_at": None,
    "attachments": [],
}
"""An example that the documentation of other events uses too."""

NEW_MESSAGE = registry.event(
    Event(
        name="new_message",
        payload=NewMessagePayload,
        room="conversation_<id>",
        when="A message was stored. Sent exactly once for every message of any kind, to the sender's sockets too.",
        logged=True,
        example={
            "seq": 6,
            "conversation_id": CONVERSATION,
            "message": EXAMPLE_MESSAGE,
            "conversation_context": EXAMPLE_CONTEXT,
        },
    )
)

MESSAGE_UPDATED = registry.event(
    Event(
        name="message_updated",
        payload=MessageUpdatedPayload,
        room="conversation_<id>",
        when="A message was edited, or one of its files became ready or was refused.",
        logged=True,
        example={
            "seq": 7,
            "conversation_id": CONVERSATION,
            "message": EXAMPLE_MESSAGE | {"edited_at": "2026-01-01T12:01:00.000Z"},
        },
    )
)

MESSAGE_DELETED = registry.event(
    Event(
        name="message_deleted",
        payload=MessageDeletedPayload,
        room="conversation_<id>",
        when="A message was deleted. It keeps its `seq` and has an empty text.",
        logged=True,
        example={
            "seq": 8,
            "conversation_id": CONVERSATION,
            "message_id": EXAMPLE_MESSAGE["id"],
            "deleted_at": "2026-01-01T12:02:00.000Z",
        },
    )
)

MESSAGES_READ = registry.event(
    Event(
        name="messages_read",
        payload=MessagesReadPayload,
        room="conversation_<id>",
        when="A participant's read mark moved. `up_to_seq` is the last message that was read.",
        logged=True,
        example={
            "seq": 9,
            "conversation_id": CONVERSATION,
            "user_id": OTHER_PERSON,
            "up_to_seq": 6,
            "read_at": "2026-01-01T12:03:00.000Z",
        },
    )
)

CONVERSATION_LIST_UPDATED = registry.event(
    Event(
        name="conversation_list_updated",
        payload=ListUpdatedPayload,
        room="user_<id>",
        when="An entry of the user's conversation list changed. `reason` is `opened`, `message`, `read`, `state`, "
        "`updated` or `deleted`.",
        logged=False,
        example={
            "conversation_id": CONVERSATION,
            "reason": "message",
            "last_message": EXAMPLE_MESSAGE,
            "unread_count": 1,
            "total_unread": 3,
            "updated_at": "2026-01-01T12:00:00.000Z",
        },
    )
)
