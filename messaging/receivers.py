"""Receivers that publish messages and list updates, and delete the files of deleted uploads."""

from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from conversations.models import Transition
from messaging.events import MESSAGE_UPDATED, NEW_MESSAGE
from messaging.list_updates import publish_list_updates
from messaging.models import Message, Upload
from messaging.payloads import MessagePayload, MessageUpdatedPayload, NewMessagePayload
from messaging.signals import upload_processed
from messaging.uploads.processing import remove_files
from realtime import publish


@receiver(post_save, sender=Message, dispatch_uid="publish_message")
def publish_message(instance: Message, created: bool, raw: bool, **_: Any) -> None:
    if created and not raw:
        conversation, payload = instance.conversation, NewMessagePayload.of(instance)
        publish(conversation.room, NEW_MESSAGE, payload, subject=instance.id, seq=instance.seq)
        publish_list_updates(conversation, "message", last=instance)


@receiver(upload_processed, dispatch_uid="publish_processed_upload")
def publish_processed_upload(message: Message, **_: Any) -> None:
    conversation = message.conversation
    shown = MessagePayload.of(message, state_version=conversation.state_version)
    payload = MessageUpdatedPayload(conversation_id=conversation.pk, message=shown)
    publish(conversation.room, MESSAGE_UPDATED, payload, subject=message.pk)
    publish_list_updates(conversation, "updated")


@receiver(post_save, sender=Transition, dispatch_uid="publish_list_updates_of_transition")
def publish_list_updates_of_transition(instance: Transition, created: bool, raw: bool, **_: Any) -> None:
    if created and not raw and instance.from_state is not None:
        publish_list_updates(instance.conversation, "state")


@receiver(post_delete, sender=Upload, dispatch_uid="remove_files_of_upload")
def remove_files_of_upload(instance: Upload, **_: Any) -> None:
    transaction.on_commit(partial(remove_files, instance), robust=True)
