"""Conversations, their participants, the transitions of their flow, and the records of views by operators."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache

from django.conf import settings
from django.db import models

from conversations.flows import Flow, get_flow
from foundation import clock
from foundation.database.append_only import AppendOnlyModel
from foundation.ids import uuid7
from realtime import ROOM_NAME_CACHE_SIZE


class Conversation(models.Model):
    """A conversation between two people, and the state of its flow.

    `flow_state`, `chat_status` and `awaiting_role` come from the flow; their meaning is defined there.
    `unique_key` is set if only one such conversation can exist. `due_at` is the deadline, `remind_at` the time of the
    next reminder; both are empty while the automation is `paused`.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    conversation_type = models.CharField(max_length=32)
    title = models.CharField(max_length=200, blank=True)
    source_id = models.CharField(max_length=100, null=True, blank=True)  # noqa: DJ001 (absent differs from empty)
    currency = models.CharField(max_length=3)
    unique_key = models.CharField(max_length=220, null=True, unique=True, editable=False)  # noqa: DJ001

    flow_name = models.CharField(max_length=32)
    flow_version = models.PositiveIntegerField()
    flow_state = models.CharField(max_length=64)
    chat_status = models.CharField(max_length=16)
    awaiting_role = models.CharField(max_length=16, null=True, blank=True)  # noqa: DJ001 (null is on the wire)
    automation_enabled = models.BooleanField(default=False)
    state_version = models.PositiveIntegerField(default=1)
    current_action_data = models.JSONField(null=True, blank=True)
    paused = models.BooleanField(default=False)

    due_at = models.DateTimeField(null=True, blank=True)
    remind_at = models.DateTimeField(null=True, blank=True)

    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now, editable=False)

    participant_rows: "list[ParticipantRow]"
    """Not a field: both participants, set only if they were read under this conversation's lock."""

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["due_at"], name="conversation_due", condition=models.Q(due_at__isnull=False)),
            models.Index(fields=["remind_at"], name="conversation_remind", condition=models.Q(remind_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.conversation_type} {self.id}"

    @cached_property
    def room(self) -> str:
        """The name of this conversation's room."""
        return room_of(self.id)

    @property
    def flow(self) -> Flow:
        return get_flow(self.flow_name, self.flow_version)

    @property
    def is_closed(self) -> bool:
        return self.chat_status == "closed"


@lru_cache(maxsize=ROOM_NAME_CACHE_SIZE)
def room_of(conversation_id: uuid.UUID) -> str:
    return f"conversation_{conversation_id}"


@dataclass(slots=True)
class ParticipantRow:
    """The columns of a `Participant` that sending a message needs.

    `total_unread` counts the unread messages in all conversations of the user; it is None if it was not read.
    """

    id: int
    conversation_id: uuid.UUID
    user_id: uuid.UUID
    removed_at: datetime | None
    unread_count: int
    total_unread: int | None = None

    @classmethod
    def of(cls, participant: "Participant") -> "ParticipantRow":
        one = participant
        return cls(one.id, one.conversation_id, one.user_id, one.removed_at, one.unread_count)


class Participant(models.Model):
    """A person in a conversation: the role, the read mark, and the position in that person's conversation list.

    `unread_count` counts the messages of others after `last_read_seq` that are not deleted.
    """

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="participants", db_index=False
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="participations", db_index=False
    )
    role = models.CharField(max_length=16)
    last_read_seq = models.BigIntegerField(default=0)
    unread_count = models.PositiveIntegerField(default=0)
    last_activity_at = models.DateTimeField(default=clock.now)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["conversation", "user"], name="participant_once"),
        ]
        indexes = [
            models.Index(fields=["user", "-last_activity_at", "-conversation"], name="participant_list"),
            models.Index(fields=["user"], name="participant_unread", condition=models.Q(unread_count__gt=0)),
            models.Index(
                fields=["removed_at"], name="participant_removed", condition=models.Q(removed_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.conversation_id}"


class SearchText(models.Model):
    """What a user can find a conversation by: its title and the name of the other participant, folded, as bytes.

    The foreign key to the user has no constraint, so that a release without this table can delete users.
    """

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="search_texts", db_constraint=False
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    text = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "conversation"], name="search_text_once")]
        indexes = [models.Index(fields=["user", "text", "conversation"], name="search_text")]

    def __str__(self) -> str:
        return bytes(self.text).decode(errors="replace")


class SearchWord(models.Model):
    """A search word of operators, folded, as bytes: a word of a conversation's title or of a participant's name, or the
    whole `source_id`."""

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="search_words", db_constraint=False
    )
    key = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "conversation"], name="search_word_once")]

    def __str__(self) -> str:
        return bytes(self.key).decode(errors="replace")


class Transition(AppendOnlyModel):
    """One transition of a conversation's flow. The opening is a transition without `from_state`.

    A state is `{chat_status, flow_state, awaiting_role}`. `state_version` is the version of the conversation after the
    transition, `flow_version` the version of its flow. `summary` says who did what, with the names of that time.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="transitions")
    from_state = models.JSONField(null=True)
    to_state = models.JSONField()
    action = models.CharField(max_length=64)
    summary = models.TextField(blank=True, default="", db_default="")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    data = models.JSONField(default=dict)
    state_version = models.PositiveIntegerField()
    flow_version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["conversation", "state_version"]
        constraints = [
            models.UniqueConstraint(fields=["conversation", "state_version"], name="transition_version"),
        ]

    def __str__(self) -> str:
        return f"{self.action} in {self.conversation_id}"


class ConversationView(models.Model):
    """The record that a staff member viewed a conversation. It is never changed.

    `subject` is the id of the viewed message or file; it is empty if the whole conversation was viewed.
    """

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="views")
    viewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    through = models.CharField(max_length=16)
    subject = models.CharField(max_length=36, blank=True, db_default="")
    viewed_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["-viewed_at"]

    def __str__(self) -> str:
        return f"{self.viewer_id} viewed {self.conversation_id}"
