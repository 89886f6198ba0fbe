"""Counts unread messages, and checks the stored counts. `conversations.message_seqs` counts each new message."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Count, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from conversations.locking import lock_conversation
from conversations.models import Participant
from messaging.models import Message


@dataclass(frozen=True)
class WrongCount:
    participant_id: int
    stored: int
    counted: int


def wrong_counts() -> list[WrongCount]:
    """Return every participant whose stored `unread_count` differs from the messages. Runs one query."""
    counted = Participant.objects.annotate(counted=Coalesce(Subquery(_number_unread()), 0))
    rows = counted.exclude(unread_count=F("counted")).order_by("pk")
    return [WrongCount(*row) for row in rows.values_list("pk", "unread_count", "counted")]


def _number_unread() -> QuerySet[Message, Any]:
    """Return a subquery that counts the unread messages of the outer query's `Participant`."""
    unread = Message.objects.filter(
        conversation=OuterRef("conversation"), seq__gt=OuterRef("last_read_seq"), deleted_at=None
    ).exclude(sender=OuterRef("user"))
    return unread.order_by().values("conversation").annotate(number=Count("pk")).values("number")


@transaction.atomic
def recount(participant_id: int) -> None:
    """Lock the conversation, and correct the unread count of one participant."""
    lock_conversation(Participant.objects.values_list("conversation_id", flat=True).get(pk=participant_id))
    participant = Participant.objects.get(pk=participant_id)
    participant.unread_count = count_unread(participant)
    participant.save(update_fields=["unread_count"])


def count_unread(participant: Participant) -> int:
    """Return the correct value of `Participant.unread_count`, counted from the messages."""
    unread = Message.objects.filter(
        conversation_id=participant.conversation_id, seq__gt=participant.last_read_seq, deleted_at=None
    )
    return unread.exclude(sender_id=participant.user_id).count()


def recount_conversation(conversation_id: uuid.UUID) -> None:
    for participant in Participant.objects.filter(conversation_id=conversation_id):
        participant.unread_count = count_unread(participant)
        participant.save(update_fields=["unread_count"])
