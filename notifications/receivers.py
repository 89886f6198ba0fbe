"""Receivers that notify of messages, publish notifications, and mark the notifications of read messages as read."""

import uuid
from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver

from messaging.models import Message
from messaging.signals import message_edited, message_erased, messages_read
from notifications.events import NOTIFICATION
from notifications.models import Notification
from notifications.payloads import NotificationEventPayload
from notifications.services import delete_notifications, edit_notifications, notify_of_message, read_messages
from realtime import publish, user_room


@receiver(post_save, sender=Message, dispatch_uid="notify_of_message")
def message_saved(instance: Message, created: bool, raw: bool, **_: Any) -> None:
    if created and not raw:
        notify_of_message(message=instance)


@receiver(post_save, sender=Notification, dispatch_uid="publish_notification")
def publish_notification(instance: Notification, created: bool, raw: bool, **_: Any) -> None:
    if created and not raw:
        payload = NotificationEventPayload.of(instance)
        publish(user_room(instance.user_id), NOTIFICATION, payload, subject=instance.message_id)


@receiver(messages_read, dispatch_uid="read_notifications")
def messages_were_read(conversation_id: uuid.UUID, user_id: uuid.UUID, up_to_seq: int, **_: Any) -> None:
    read_messages(user_id=user_id, conversation_id=conversation_id, up_to_seq=up_to_seq)


@receiver(message_edited, dispatch_uid="edit_notifications")
def message_was_edited(message: Message, **_: Any) -> None:
    edit_notifications(message=message)


@receiver(message_erased, dispatch_uid="delete_notifications")
def message_was_erased(message: Message, **_: Any) -> None:
    delete_notifications(message=message)
