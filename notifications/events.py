"""The event of a notification."""

from conversations.events import CONVERSATION, EXAMPLE_CONTEXT
from messaging.events import EXAMPLE_MESSAGE
from notifications.payloads import NotificationEventPayload
from realtime import Event, registry

NOTIFICATION = registry.event(
    Event(
        name="notification",
        payload=NotificationEventPayload,
        room="user_<id>",
        when="The user has a new notification. `type` is `message` for every message to the user. "
        "Notifications of other types have the same structure.",
        logged=True,
        example={
            "seq": 3,
            "type": "message",
            "data": {
                "id": "01980000-0000-7000-8000-00000000000b",
                "title": "New message",
                "body": EXAMPLE_MESSAGE["message"],
                "created_at": "2026-01-01T12:00:00.000Z",
                "conversation_context": EXAMPLE_CONTEXT,
                "payload": {
                    "conversation_id": CONVERSATION,
                    "message_id": EXAMPLE_MESSAGE["id"],
                    "sender_id": EXAMPLE_MESSAGE["sender_id"],
                },
                "conversation_id": CONVERSATION,
                "message": EXAMPLE_MESSAGE,
                "sender_id": EXAMPLE_MESSAGE["sender_id"],
                "receiver_id": EXAMPLE_MESSAGE["receiver_id"],
            },
        },
    )
)
