"""Messages become events."""

from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver

from conversations.models import Transition
from messaging.events import NEW_MESSAGE
from messaging.listing import tell_lists
from messaging.models import Message
from messaging.payloads import NewMessagePayload
from realtime.publishing import publish


@receiver(post_save, sender=Message, dispatch_uid="publish_message")
def publish_message(instance: Message, created: bool, raw: bool, **_: Any) -> None:
    if created and not raw:
        payload = NewMessagePayload.of(instance)
        publish(instance.conversation.room, NEW_MESSAGE, payload, subject=instance.pk, seq=instance.seq)
        tell_lists(instance.conversation, "message", last=instance)


@receiver(post_save, sender=Transition, dispatch_uid="tell_lists_of_transition")
def tell_lists_of_transition(instance: Transition, created: bool, raw: bool, **_: Any) -> None:
    if created and not raw and instance.from_standing is not None:
        tell_lists(instance.conversation, "state")
