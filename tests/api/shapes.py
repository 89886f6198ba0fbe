"""The required form of responses."""

import re
import uuid
from typing import Any

from django.http import HttpResponse

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
"""RFC 3339 in UTC with milliseconds and a trailing Z."""

MESSAGE = {
    "id", "conversation_id", "sender_id", "receiver_id", "message", "media_url", "message_type", "is_automated",
    "action_required", "action_data", "created_at", "seq", "client_message_id", "edited_at", "deleted_at", "read_at",
    "attachments",
}  # fmt: skip
CONTEXT = {
    "id", "chat_status", "flow_state", "awaiting_role", "conversation_type", "automation_enabled",
    "current_action_data", "state_version", "due_at",
}  # fmt: skip
CONVERSATION = CONTEXT | {
    "title", "source_id", "currency", "brand_owner", "influencer", "other_user", "my_role", "last_message",
    "unread_count", "seq", "available_actions", "created_at", "updated_at", "stage",
}  # fmt: skip
PERSON = {"id", "name", "role"}
OTHER_USER = PERSON | {"online", "last_seen"}
NOTIFICATION = {"id", "type", "title", "body", "payload", "conversation_id", "created_at", "read_at"}
PROBLEM = {"type", "title", "status", "detail", "success", "message", "code"}


def is_time(value: Any) -> bool:
    return isinstance(value, str) and TIME.fullmatch(value) is not None


def is_uuid7(value: Any) -> bool:
    return isinstance(value, str) and str(uuid.UUID(value)) == value and uuid.UUID(value).version == 7


def refused(
    answer: HttpResponse, status: int, code: str, *fields: str, extra: set[str] = frozenset()
) -> dict[str, Any]:
    """Check that a response is a problem document that matches the contract, and return it; `fields` have `errors`."""
    body = answer.json()
    assert (answer.status_code, body["code"]) == (status, code), body
    assert answer["Content-Type"] == "application/problem+json"
    assert body.keys() == PROBLEM | extra | ({"errors"} if "errors" in body else set())
    assert body["success"] is False
    assert body["status"] == status
    assert body["message"]
    assert isinstance(body["message"], str)
    assert body["detail"] == body["message"]
    assert body.get("errors", {}).keys() == set(fields), body
    assert all(faults and all(isinstance(fault, str) for fault in faults) for faults in body.get("errors", {}).values())
    return body


def succeeded(answer: HttpResponse, *members: str, status: int = 200) -> dict[str, Any]:
    """Check that a successful body has exactly these members and `success`, and return it."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/json"
    body = answer.json()
    assert body.keys() == {"success", *members}
    assert body["success"] is True
    return body
