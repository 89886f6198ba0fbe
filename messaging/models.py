"""Messages, and the files sent with them. Messages can be marked as edited or deleted, but their rows stay."""

import uuid
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from conversations.locking import lock_with_participants
from conversations.message_seqs import allocate_seqs
from conversations.models import Conversation, Transition
from conversations.selectors import other_participant_id
from foundation import clock
from foundation.ids import uuid7
from messaging.limits import MAX_ALT_LENGTH
from messaging.upload_kinds import READY, Kind, kind_of
from realtime import unit_of_work

USER_INPUT = "user_input"
SYSTEM = "system"


class Message(models.Model):
    """A message. `seq` is its sequence number in the conversation, and the `seq` of its `new_message` event.

    To send a message, save it: `save` sets `seq`, and receivers publish the events.
    `transition` is the transition that a system message announces, if any.
    `fingerprint` is a hash that detects a different message with the same `client_message_id`.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # The foreign keys need no constraints: the transaction that saves a message has locked the conversation. Its
    # participants and the system user cannot be deleted.
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="messages", db_index=False, db_constraint=False
    )
    seq = models.BigIntegerField(editable=False)
    sender = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    receiver = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    message = models.TextField(blank=True)
    media_url = models.CharField(max_length=2000, null=True, blank=True)  # noqa: DJ001 (null in JSON)
    message_type = models.CharField(max_length=16, default=USER_INPUT)
    is_automated = models.BooleanField(default=False)
    action_required = models.BooleanField(default=False)
    action_data = models.JSONField(null=True, blank=True)
    transition = models.OneToOneField(
        Transition, on_delete=models.CASCADE, null=True, blank=True, editable=False, related_name="message"
    )
    client_message_id = models.CharField(max_length=64, null=True, blank=True)  # noqa: DJ001 (null is not unique)
    fingerprint = models.CharField(max_length=64, blank=True, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    edited_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)

    loaded_attachments: "Iterable[Upload] | None" = None
    """Not a column: the uploads, if they were loaded already; None if they must be read from the database."""
    cached_payload: Any = None
    """Not a column: the payload, if it is the same for all users."""

    class Meta:
        ordering = ["conversation", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["conversation", "seq"], name="message_seq"),
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
                self.receiver_id = other_participant_id(self.conversation_id, self.sender_id)
            conversation = lock_with_participants([self.conversation_id])[self.conversation_id]
            self.seq = allocate_seqs([(conversation, self.sender_id)])[0]
            self.loaded_attachments = self.loaded_attachments or ()
            super().save(*args, **kwargs)

    @property
    def is_deleted(self) -> bool:
        return self.deleted_at is not None

    @property
    def is_from_user(self) -> bool:
        """Whether a user wrote the message; that user can edit or delete it."""
        return self.message_type == USER_INPUT


class MessageRevision(models.Model):
    """Former words of a message that was edited or deleted. Only staff with the permission to view them can read them.

    The files of a deleted message refer to it, and are deleted with it.
    """

    EDITED = "edited"
    DELETED = "deleted"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="revisions")
    text = models.TextField(blank=True)
    media_url = models.CharField(max_length=2000, null=True, blank=True)  # noqa: DJ001 (null in JSON)
    reason = models.CharField(max_length=16)
    replaced_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.message_id}, {self.reason} {self.replaced_at:%Y-%m-%d %H:%M}"


def _random_name(upload: "Upload", name: str) -> str:
    token = uuid.uuid4().hex
    return f"uploads/{token[:2]}/{token}"


class Upload(models.Model):
    """A file with a random name in the storage. Only the owner can read it until it is sent; then all participants of
    the conversation can. After the message is deleted, only staff who can view its `revision` can.

    `name` is the file name that the owner used; `size` is in bytes. `width` and `height` are in pixels, as the picture
    or video is shown; `duration` is in seconds. All three are None if they are unknown. `placeholder` is a ThumbHash in
    base64, or empty. `rendition` is a form of the file that browsers show, of type `rendition_type`, if they do not
    show the file itself. Nobody but the owner can read a file that is not `ready`.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    message = models.ForeignKey(Message, on_delete=models.CASCADE, null=True, blank=True, related_name="attachments")
    revision = models.ForeignKey(
        MessageRevision, on_delete=models.CASCADE, null=True, blank=True, editable=False, related_name="attachments"
    )
    position = models.PositiveSmallIntegerField(default=0)
    file = models.FileField(upload_to=_random_name)
    thumbnail = models.FileField(upload_to=_random_name, blank=True)
    name = models.CharField(max_length=255)
    content_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField()
    is_voice = models.BooleanField(default=False, db_default=False)
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    duration = models.FloatField(null=True, blank=True)
    placeholder = models.CharField(max_length=64, blank=True, default="", db_default="")
    alt = models.CharField(max_length=MAX_ALT_LENGTH, blank=True, default="", db_default="")
    status = models.CharField(max_length=8, default=READY, db_default=READY)
    metadata_removed = models.BooleanField(default=False, db_default=False)
    rendition = models.FileField(upload_to=_random_name, blank=True, default="", db_default="")
    rendition_type = models.CharField(max_length=100, blank=True, default="", db_default="")
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["position", "pk"]
        indexes = [models.Index(fields=["created_at"], name="upload_unsent", condition=Q(message=None))]

    def __str__(self) -> str:
        return self.name

    @property
    def kind(self) -> Kind:
        return kind_of(self.content_type, is_voice=self.is_voice)

    @property
    def is_ready(self) -> bool:
        return self.status == READY


class ResumableUpload(models.Model):
    """A file of which some bytes are still to come. It becomes an `Upload` with the same id.

    The bytes are in a file of the incoming folder, whose size is the offset. `length` is the size of the whole file, in
    bytes.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    length = models.PositiveBigIntegerField()
    name = models.CharField(max_length=255, blank=True)
    is_voice = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="resumable_upload_age")]

    def __str__(self) -> str:
        return self.name
