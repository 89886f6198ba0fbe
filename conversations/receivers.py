"""The signal receiver that publishes the events of a stored transition."""

from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver

from conversations.events import CONVERSATION_STATE_CHANGED, CONVERSATION_UPDATED
from conversations.models import Transition
from conversations.payloads import ConversationUpdatedPayload, StateChangedPayload
from realtime import publish


@receiver(post_save, sender=Transition, dispatch_uid="publish_transition")
def publish_transition(instance: Transition, created: bool, raw: bool, **_: Any) -> None:
    if created and not raw:
        room = instance.conversation.room
        publish(room, CONVERSATION_STATE_CHANGED, StateChangedPayload.of(instance))
        publish(room, CONVERSATION_UPDATED, ConversationUpdatedPayload.of(instance.conversation))
