"""Deliveries of work, and requests for revisions."""

from django.conf import settings
from django.db import models

from conversations.models import Conversation
from foundation import clock
from foundation.database.append_only import AppendOnlyModel
from foundation.ids import uuid7
from messaging.models import Message


class Delivery(AppendOnlyModel):
    """A delivery of work. `number` counts from 1 in each conversation. The files are attachments of its `message`."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="deliveries")
    message = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="delivery")
    number = models.PositiveIntegerField()
    deliverables = models.TextField()
    description = models.TextField()
    notes = models.TextField(blank=True)
    deliverer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["conversation", "number"]
        verbose_name_plural = "deliveries"
        constraints = [models.UniqueConstraint(fields=["conversation", "number"], name="delivery_number")]

    def __str__(self) -> str:
        return f"delivery {self.number} in {self.conversation_id}"


class Revision(AppendOnlyModel):
    """A request to revise the work. `number` counts from 1 in each conversation."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    feedback = models.TextField()
    requester = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["conversation", "number"]
        constraints = [models.UniqueConstraint(fields=["conversation", "number"], name="revision_number")]

    def __str__(self) -> str:
        return f"revision {self.number} in {self.conversation_id}"
