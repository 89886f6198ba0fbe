"""The facts about an event that clients and the checker need."""

from typing import Any

OWN_EVENTS = frozenset({"notification", "conversation_list_updated", "token_expiring"})
"""The events of a user's room."""


def describe(event: str, data: dict[str, Any], user_id: str) -> dict[str, Any]:
    """Return the room of an event, its `seq` in that room, the id of its message or other row, and its conversation."""
    inner = data.get("data") or {}
    conversation = data.get("conversation_id") or data.get("conversationId") or inner.get("conversation_id")
    message = (data.get("message") or {}).get("id")
    return {
        "room": f"user_{user_id}" if event in OWN_EVENTS else f"conversation_{conversation}",
        "seq": data.get("seq"),
        "id": message or data.get("message_id") or inner.get("id"),
        "conversation": conversation,
    }
