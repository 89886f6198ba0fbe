"""Payloads of notifications."""

from typing import Any

from conversations.payloads import ContextPayload
from foundation.schemas import Id, Schema, Timestamp
from messaging.payloads import MessagePayload
from notifications.models import Notification


class NotificationPayload(Schema):
    """A stored notification, as REST returns it."""

    id: Id
    type: str
    title: str
    body: str
    payload: dict[str, Any]
    conversation_id: Id | None
    created_at: Timestamp
    read_at: Timestamp | None


class NotificationData(Schema):
    """The content of the event's frame. Only notifications of messages have the members after `payload`."""

    id: Id
    title: str
    body: str
    created_at: Timestamp
    payload: dict[str, Any]
    conversation_context: ContextPayload | None = None
    conversation_id: Id | None = None
    message: MessagePayload | None = None
    sender_id: Id | None = None
    receiver_id: Id | None = None


class NotificationEventPayload(Schema):
    type: str
    data: NotificationData

    @classmethod
    def of(cls, notification: Notification) -> "NotificationEventPayload":
        message, stored = notification.message, vars(notification)
        data = {name: stored[name] for name in _STORED}
        if message is not None:
            data["conversation_context"] = ContextPayload.of(message.conversation)
            data["message"] = MessagePayload.of(message)
            data["sender_id"] = message.sender_id
            data["receiver_id"] = stored["user_id"]
        return cls.model_construct(type=notification.type, data=NotificationData.model_construct(**data))


_STORED = ("id", "title", "body", "created_at", "payload", "conversation_id")
"""The members of the frame whose values are stored columns."""


class NotificationResponse(Schema):
    notification: NotificationPayload


class NotificationPage(Schema):
    results: list[NotificationPayload]
    next: str | None
    previous: str | None


class UnreadCountResponse(Schema):
    unread_count: int


class MarkAllReadResponse(Schema):
    updated: int
