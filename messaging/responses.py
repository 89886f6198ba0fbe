"""Response schemas of messages and conversations. Every response also has the member `success`."""

from typing import Any

from pydantic import Field

from conversations.flows.schemas import AvailableAction
from foundation.openapi import Problem
from foundation.schemas import Id, Schema, Timestamp
from messaging.payloads import AttachmentPayload, ConversationPayload, MessagePayload, RevisionPayload


class SendMessageResponse(Schema):
    message: MessagePayload
    conversation_id: Id


class MessageResponse(Schema):
    message: MessagePayload


class RevisionPage(Schema):
    results: list[RevisionPayload]
    next: str | None
    previous: str | None


class ConversationResponse(Schema):
    conversation: ConversationPayload


class UploadResponse(Schema):
    upload: AttachmentPayload


class LinkResponse(Schema):
    """`url` is relative to the address of the server."""

    url: str
    expires_at: Timestamp


class MarkReadResponse(Schema):
    unread_count: int
    total_unread: int
    up_to_seq: int


class JoinRoomResponse(Schema):
    """`seq` is the last sequence number of the room. `reset` says that the event log no longer reaches back to
    `after`: nothing was replayed, and the client must load everything again."""

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
    """An error that the current state causes, with the current conversation and its available actions."""

    conversation: ConversationPayload
    available_actions: list[AvailableAction]
