"""Are the stored unread counts what the messages say?"""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Count, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from conversations.models import Participant
from conversations.services import locked
from messaging.models import Message
from messaging.services import count_unread


@dataclass(frozen=True)
class WrongCount:
    place_id: int
    stored: int
    counted: int


def wrong_counts() -> list[WrongCount]:
    """Every place whose `unread_count` differs from its messages, found in one query."""
    counted = Participant.objects.annotate(counted=Coalesce(Subquery(_number_unread()), 0))
    rows = counted.exclude(unread_count=F("counted")).order_by("pk")
    return [WrongCount(*row) for row in rows.values_list("pk", "unread_count", "counted")]


def _number_unread() -> QuerySet[Message, Any]:
    """How many messages the `Participant` of the query around it has not read."""
    unread = Message.objects.filter(
        conversation=OuterRef("conversation"), seq__gt=OuterRef("last_read_seq"), deleted_at=None
    ).exclude(sender=OuterRef("user"))
    return unread.order_by().values("conversation").annotate(number=Count("pk")).values("number")


@transaction.atomic
def recount(place_id: int) -> None:
    """Count one place anew, while nothing else happens in its conversation."""
    locked(Participant.objects.values_list("conversation_id", flat=True).get(pk=place_id))
    place = Participant.objects.get(pk=place_id)
    place.unread_count = count_unread(place)
    place.save(update_fields=["unread_count"])
