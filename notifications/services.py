"""Services that store notifications and mark them as read."""

import uuid
from datetime import datetime
from functools import cache

from django.db import transaction
from django.utils.translation import gettext

from accounts.models import SYSTEM_USER_ID, User
from conversations.locking import participant_rows_of
from foundation import clock
from foundation.database.bulk import insert_instances, new_instance, send_post_save
from foundation.errors import NotFound
from foundation.ids import parse_id
from messaging.models import Message
from messaging.payloads import excerpt
from notifications.models import MESSAGE, Notification
from realtime import before_commit


def notify_of_message(*, message: Message) -> None:
    """Store a notification for the receiver, or for both participants if no person caused the message. Removed
    participants are not notified.

    Everything is inserted together at the end of the unit of work that saves the message.
    """
    before_commit(_notify_of, message)


def _notify_of(messages: list[Message]) -> None:
    participants = participant_rows_of(message.conversation for message in messages)
    title, now = _title(), clock.now()
    notifications = []
    for message in messages:
        receiver_id, is_from_nobody = message.receiver_id, message.sender_id == SYSTEM_USER_ID
        present = [
            participant.user_id
            for participant in participants[message.conversation_id]
            if participant.removed_at is None
        ]
        recipients = present if is_from_nobody else [user_id for user_id in present if user_id == receiver_id]
        notifications += [_of_message(message, user_id, title, now) for user_id in recipients]
    insert_instances(notifications)
    send_post_save(notifications)


@cache
def _title() -> str:
    """Return the title in the server's language. Cached, because a lookup takes 2 % of the time of a message."""
    return gettext("New message")


def _of_message(message: Message, user_id: uuid.UUID, title: str, now: datetime) -> Notification:
    conversation_id = message.conversation_id
    return new_instance(
        Notification,
        user_id=user_id,
        type=MESSAGE,
        title=title,
        body=excerpt(message),
        payload={
            "conversation_id": str(conversation_id),
            "message_id": str(message.id),
            "sender_id": str(message.sender_id),
        },
        conversation_id=conversation_id,
        message=message,
        message_seq=message.seq,
        created_at=now,
    )


def read_messages(*, user_id: uuid.UUID, conversation_id: uuid.UUID, up_to_seq: int) -> None:
    """Mark the user's notifications of the messages up to `up_to_seq` as read."""
    Notification.objects.filter(
        user_id=user_id, conversation_id=conversation_id, message_seq__lte=up_to_seq, read_at=None
    ).update(read_at=clock.now())


def edit_notifications(*, message: Message) -> None:
    """Write the new text of an edited message into its notifications."""
    Notification.objects.filter(message=message).update(body=excerpt(message))


def delete_notifications(*, message: Message) -> None:
    """Delete the notifications of a deleted message."""
    for notification in Notification.objects.filter(message=message):
        notification.delete()


@transaction.atomic
def read_notification(*, user: User, notification_id: object) -> Notification:
    """Mark a notification of the user as read, and return it. Raises `NotFound`."""
    parsed = parse_id(notification_id)
    found = Notification.objects.select_for_update().filter(pk=parsed, user=user).first() if parsed else None
    if found is None:
        raise NotFound("There is no such notification.")
    if found.read_at is None:
        found.read_at = clock.now()
        found.save(update_fields=["read_at"])
    return found


def read_all(*, user: User) -> int:
    """Mark all notifications of the user as read. Returns the number of notifications that were unread."""
    return Notification.objects.filter(user=user, read_at=None).update(read_at=clock.now())
