"""Messages: facts that are written once, marked as edited or deleted, and never go away."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from conversations.models import Conversation, Transition
from conversations.selectors import other_side
from conversations.services import take_places
from foundation import clock
from foundation.ids import uuid7
from realtime.publishing import unit_of_work

USER_INPUT = "user_input"
SYSTEM = "system"


class Message(models.Model):
    """One message. `seq` is its place in the conversation, that of its `new_message` event.

    Saving a new one is enough to send it, from wherever: it takes its place and its events follow.
    `transition` is the step of the flow that a system message tells of, if any.
    `fingerprint` is what a repeat under the same `client_message_id` is compared with.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="messages")
    seq = models.BigIntegerField(editable=False)
    sender = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    receiver = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    message = models.TextField(blank=True)
    media_url = models.CharField(max_length=2000, null=True, blank=True)  # noqa: DJ001 (null is on the wire)
    message_type = models.CharField(max_length=16, default=USER_INPUT)
    is_automated = models.BooleanField(default=False)
    action_required = models.BooleanField(default=False)
    action_data = models.JSONField(null=True, blank=True)
    transition = models.OneToOneField(
        Transition, on_delete=models.CASCADE, null=True, blank=True, editable=False, related_name="message"
    )
    client_message_id = models.CharField(max_length=64, null=True, blank=True)  # noqa: DJ001 (absent is many)
    fingerprint = models.CharField(max_length=64, blank=True, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    edited_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["conversation", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["conversation", "seq"], name="message_place"),
            models.UniqueConstraint(
                fields=["sender", "client_message_id"],
                name="message_sent_once",
                condition=Q(client_message_id__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["conversation", "receiver"], name="message_unread", condition=Q(read_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"message {self.seq} in {self.conversation_id}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            super().save(*args, **kwargs)
            return
        with unit_of_work():
            if self.receiver_id is None:
                self.receiver_id = other_side(self.conversation_id, self.sender_id)
            self.seq = take_places(senders=[(self.conversation_id, self.sender_id)])[0]
            super().save(*args, **kwargs)

    @property
    def is_deleted(self) -> bool:
        return self.deleted_at is not None

    @property
    def is_own_words(self) -> bool:
        """Written by hand, so that its writer may change or delete it."""
        return self.message_type == USER_INPUT
