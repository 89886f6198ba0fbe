"""Who is told what."""

import uuid

from django.db import transaction
from django.utils.translation import gettext

from accounts.models import SYSTEM_USER_ID, User
from conversations.models import Participant
from foundation import clock
from foundation.ids import parse_id
from foundation.refusals import NotFound
from messaging.models import Message
from notifications.models import MESSAGE, Notification

LONGEST_BODY = 200


def notify_of_message(*, message: Message) -> None:
    """Store a notification for the receiver; for both sides where no person caused the message.

    The caller is in the transaction that saves the message.
    """
    for user_id in _told_of(message):
        Notification.objects.create(
            user_id=user_id,
            type=MESSAGE,
            title=gettext("New message"),
            body=message.message[:LONGEST_BODY],
            payload={
                "conversation_id": str(message.conversation_id),
                "message_id": str(message.pk),
                "sender_id": str(message.sender_id),
            },
            conversation_id=message.conversation_id,
            message=message,
            message_seq=message.seq,
        )


def _told_of(message: Message) -> list[uuid.UUID]:
    if message.sender_id != SYSTEM_USER_ID:
        return [message.receiver_id]
    places = Participant.objects.filter(conversation_id=message.conversation_id, removed_at=None)
    return list(places.order_by("pk").values_list("user_id", flat=True))


def read_messages(*, user_id: uuid.UUID, conversation_id: uuid.UUID, up_to_seq: int) -> None:
    """The notifications of messages that were read are read."""
    Notification.objects.filter(
        user_id=user_id, conversation_id=conversation_id, message_seq__lte=up_to_seq, read_at=None
    ).update(read_at=clock.now())


def erase_message(*, message: Message) -> None:
    """Nothing of a deleted message's words stays; what was unread of it is not unread any more."""
    about = Notification.objects.filter(message=message)
    about.update(body="")
    about.filter(read_at=None).update(read_at=clock.now())


@transaction.atomic
def read_notification(*, user: User, notification_id: object) -> Notification:
    """Mark one as read. Raises `NotFound`."""
    parsed = parse_id(notification_id)
    found = Notification.objects.select_for_update().filter(pk=parsed, user=user).first() if parsed else None
    if found is None:
        raise NotFound("There is no such notification.")
    if found.read_at is None:
        found.read_at = clock.now()
        found.save(update_fields=["read_at"])
    return found


def read_all(*, user: User) -> int:
    """Mark all as read; answers how many were not."""
    return Notification.objects.filter(user=user, read_at=None).update(read_at=clock.now())
