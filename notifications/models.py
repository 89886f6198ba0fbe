"""Stored notifications. After the insert, only `read_at` changes, and `body` if the message is edited."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from foundation import clock
from foundation.ids import uuid7

MESSAGE = "message"


class Notification(models.Model):
    """A fact of which a user is notified. `message` is the message that the notification announces, if any.

    A message and its notifications are inserted in one transaction, for participants of its conversation. The foreign
    keys need no constraints, because this transaction has locked the conversation.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="notifications",
        db_index=False,
        db_constraint=False,
    )
    type = models.CharField(max_length=32)
    title = models.CharField(max_length=200)
    body = models.TextField(blank=True)
    payload = models.JSONField(default=dict)
    conversation = models.ForeignKey(
        "conversations.Conversation",
        on_delete=models.CASCADE,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    message = models.ForeignKey(
        "messaging.Message", on_delete=models.CASCADE, null=True, related_name="+", db_constraint=False
    )
    message_seq = models.BigIntegerField(null=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["user", "-created_at", "-id"], name="notification_list"),
            models.Index(
                fields=["user", "conversation", "message_seq"], name="notification_unread", condition=Q(read_at=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} for {self.user_id}"
