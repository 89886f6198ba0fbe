"""What clients and the checker need to know of an event."""

from typing import Any

OWN_EVENTS = frozenset({"notification", "conversation_list_updated", "token_expiring"})
"""Events of the room of a user."""


def describe(event: str, data: dict[str, Any], user_id: str) -> dict[str, Any]:
    """The room of an event, its `seq` there, the id of what it is about, and whose data it carries."""
    inner = data.get("data") or {}
    conversation = data.get("conversation_id") or data.get("conversationId") or inner.get("conversation_id")
    message = (data.get("message") or {}).get("id")
    return {
        "room": f"user_{user_id}" if event in OWN_EVENTS else f"conversation_{conversation}",
        "seq": data.get("seq"),
        "id": message or data.get("message_id") or inner.get("id"),
        "conversation": conversation,
    }
