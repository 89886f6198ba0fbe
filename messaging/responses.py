"""What is answered to commands and requests about messages and conversations, beside `success`."""

from typing import Any

from pydantic import Field

from conversations.flows.schemas import AvailableAction
from foundation.openapi import Problem
from foundation.schemas import Id, Schema
from messaging.payloads import AttachmentPayload, ConversationPayload, MessagePayload


class SendMessageResponse(Schema):
    message: MessagePayload
    conversation_id: Id


class MessageResponse(Schema):
    message: MessagePayload


class ConversationResponse(Schema):
    conversation: ConversationPayload


class UploadResponse(Schema):
    upload: AttachmentPayload


class MarkReadResponse(Schema):
    unread_count: int
    total_unread: int
    up_to_seq: int


class JoinRoomResponse(Schema):
    """`seq` is the end of the room's log; `reset` says that it does not reach back to `after`, so that nothing
    was replayed and everything is to be read anew."""

    seq: int
    reset: bool


class JoinConversationResponse(JoinRoomResponse):
    conversation: ConversationPayload
    online: list[Id]


class LoggedEvent(Schema):
    seq: int
    event: str
    data: dict[str, Any]


class EventLogResponse(Schema):
    results: list[LoggedEvent]
    reset: bool


class MessagePage(Schema):
    results: list[MessagePayload]
    next: str | None = Field(description="Cursor of the newer page.")
    previous: str | None = Field(description="Cursor of the older page.")


class ConversationPage(Schema):
    results: list[ConversationPayload]
    next: str | None
    previous: str | None


class ConflictProblem(Problem):
    """An error that the current state causes, with the current conversation and what may be done in it now."""

    conversation: ConversationPayload
    available_actions: list[AvailableAction]
