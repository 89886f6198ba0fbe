"""The payloads shown in the guide: each key with its permitted values. Additional keys are allowed, as in the guide."""

import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")

Kind = Callable[[Any], bool] | Mapping[str, Any]


def an_id(value: Any) -> bool:
    return isinstance(value, str) and str(uuid.UUID(value)) == value


def a_time(value: Any) -> bool:
    return isinstance(value, str) and TIME.fullmatch(value) is not None


def a_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def a_flag(value: Any) -> bool:
    return isinstance(value, bool)


def one_of(*choices: Any) -> Callable[[Any], bool]:
    return lambda value: value in choices


def maybe(kind: Kind) -> Callable[[Any], bool]:
    """Accept null in addition to this value."""
    return lambda value: value is None or fits(value, kind)


def an_object(value: Any) -> bool:
    return isinstance(value, dict)


def a_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def fits(value: Any, kind: Kind) -> bool:
    if not isinstance(kind, Mapping):
        return kind(value)
    assert isinstance(value, dict), value
    for key, inner in kind.items():
        assert key in value, f"{key} is missing in {value}"
        assert fits(value[key], inner), f"{key} is {value[key]!r}"
    return True


STATE = {
    "chat_status": one_of("real_time", "automated", "closed"),
    "flow_state": a_text,
    "awaiting_role": one_of("influencer", "brand_owner", None),
}
CONTEXT = STATE | {
    "id": an_id,
    "conversation_type": one_of("direct", "bid", "campaign"),
    "automation_enabled": a_flag,
    "current_action_data": maybe(an_object),
}
MESSAGE = {
    "id": an_id,
    "conversation_id": an_id,
    "sender_id": an_id,
    "receiver_id": an_id,
    "message": a_text,
    "media_url": maybe(a_text),
    "message_type": one_of("user_input", "system"),
    "is_automated": a_flag,
    "action_required": a_flag,
    "action_data": maybe(an_object),
    "created_at": a_time,
}
NEW_MESSAGE = {"conversation_id": an_id, "message": MESSAGE, "conversation_context": CONTEXT, "seq": a_number}
NOTIFICATION = {
    "type": one_of("message"),
    "seq": a_number,
    "data": {
        "id": an_id,
        "title": a_text,
        "body": a_text,
        "created_at": a_time,
        "conversation_context": CONTEXT,
        "payload": {"conversation_id": an_id, "message_id": an_id, "sender_id": an_id},
        "conversation_id": an_id,
        "message": MESSAGE,
        "sender_id": an_id,
        "receiver_id": an_id,
    },
}
USER_TYPING = {"conversationId": an_id, "userId": an_id, "isTyping": a_flag}
STATE_CHANGED = {
    "conversation_id": an_id,
    "previous_state": maybe(STATE),
    "new_state": STATE,
    "reason": a_text,
    "timestamp": a_time,
    "seq": a_number,
}
UPDATED = STATE | {
    "conversation_id": an_id,
    "conversation_type": one_of("direct", "bid", "campaign"),
    "conversation_context": CONTEXT,
    "seq": a_number,
}
MESSAGES_READ = {
    "conversation_id": an_id,
    "user_id": an_id,
    "up_to_seq": a_number,
    "read_at": a_time,
    "seq": a_number,
}
LIST_UPDATED = {
    "conversation_id": an_id,
    "reason": one_of("opened", "message", "read", "state", "updated", "deleted"),
    "last_message": maybe(MESSAGE),
    "unread_count": a_number,
    "total_unread": a_number,
    "updated_at": a_time,
}
PRESENCE = {"user_id": an_id, "online": a_flag, "last_seen": maybe(a_time)}
