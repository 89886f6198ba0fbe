"""What is answered to commands and requests about messages and conversations, beside `success`."""

from typing import Any

from pydantic import Field

from conversations.flows.schemas import AvailableAction
from foundation.openapi import Problem
from foundation.schemas import Id, Shape
from messaging.payloads import AttachmentPayload, ConversationPayload, MessagePayload


class Done(Shape):
    """Nothing beside `success`."""


class SentAnswer(Shape):
    message: MessagePayload
    conversation_id: Id


class MessageAnswer(Shape):
    message: MessagePayload


class ConversationAnswer(Shape):
    conversation: ConversationPayload


class UploadAnswer(Shape):
    upload: AttachmentPayload


class ReadAnswer(Shape):
    unread_count: int
    total_unread: int
    up_to_seq: int


class JoinedAnswer(Shape):
    """`seq` is the end of the room's log; `reset` tells that it does not reach back to `after`, so that nothing
    was replayed and everything is to be read anew."""

    seq: int
    reset: bool


class JoinedConversationAnswer(JoinedAnswer):
    conversation: ConversationPayload
    online: list[Id]


class LoggedEvent(Shape):
    seq: int
    event: str
    data: dict[str, Any]


class EventsAnswer(Shape):
    results: list[LoggedEvent]
    reset: bool


class MessagePage(Shape):
    results: list[MessagePayload]
    next: str | None = Field(description="Cursor of the newer page.")
    previous: str | None = Field(description="Cursor of the older page.")


class ConversationPage(Shape):
    results: list[ConversationPayload]
    next: str | None
    previous: str | None


class Conflict(Problem):
    """A refusal in the present state, with the conversation as it stands and what may be done in it now."""

    conversation: ConversationPayload
    available_actions: list[AvailableAction]
