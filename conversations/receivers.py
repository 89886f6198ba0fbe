"""Signal receivers: they publish the events of a stored transition, and keep the search index up to date."""

import uuid
from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver

from accounts.signals import names_changed
from conversations.events import CONVERSATION_STATE_CHANGED, CONVERSATION_UPDATED
from conversations.models import Transition
from conversations.payloads import ConversationUpdatedPayload, StateChangedPayload
from conversations.tasks import index_conversations_of
from realtime import publish


@receiver(post_save, sender=Transition, dispatch_uid="publish_transition")
def publish_transition(instance: Transition, created: bool, raw: bool, **_: Any) -> None:
    if created and not raw:
        room = instance.conversation.room
        publish(room, CONVERSATION_STATE_CHANGED, StateChangedPayload.of(instance))
        publish(room, CONVERSATION_UPDATED, ConversationUpdatedPayload.of(instance.conversation))


@receiver(names_changed, dispatch_uid="index_renamed_people")
def index_renamed_people(user_ids: list[uuid.UUID], **_: Any) -> None:
    for user_id in user_ids:
        index_conversations_of.enqueue(user_id)
