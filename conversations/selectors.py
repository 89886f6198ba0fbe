"""Reads of conversations and of their participants."""

import uuid
from collections.abc import Collection, Iterable
from datetime import timedelta

from django.db.models import QuerySet

from conversations.models import Conversation, Participant, room_of
from foundation import clock
from foundation.database.bulk import newest_of_each, sum_many

PRESENCE_CONVERSATIONS = 100
EXPULSION_WINDOW = timedelta(minutes=5)


def participations_of(user_id: uuid.UUID) -> QuerySet[Participant]:
    """Return the rows of a user in `Participant`, without conversations from which the user was removed."""
    return Participant.objects.filter(user_id=user_id, removed_at=None)


def participants_of(conversation: Conversation) -> list[Participant]:
    """Return both participants with their users, in a stable order.

    Removed participants are included, because their messages stay.
    """
    return list(Participant.objects.filter(conversation=conversation).select_related("user").order_by("pk"))


def other_participant_id(conversation_id: uuid.UUID, user_id: uuid.UUID) -> uuid.UUID:
    """Return the id of the user who receives a message of `user_id`.

    This is the other participant, or the brand owner if the sender is not a participant.
    """
    participants = list(Participant.objects.filter(conversation_id=conversation_id).order_by("role", "pk"))
    return next(participant.user_id for participant in participants if participant.user_id != user_id)


def unread_sums(user_ids: Iterable[uuid.UUID]) -> Iterable[tuple[uuid.UUID, int]]:
    """Return pairs of a user id and the number of unread messages over all conversations, if it is not zero.

    In a pipeline the query is queued, and the result is awaited when the caller iterates over it.
    """
    return sum_many(Participant, "unread_count", by="user_id", among=user_ids, unless="removed_at")


def total_unread(user_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, int]:
    """Return the number of unread messages over all conversations, by user id."""
    wanted = list(user_ids)
    return dict.fromkeys(wanted, 0) | dict(unread_sums(wanted))


def recently_expelled() -> list[tuple[uuid.UUID, str]]:
    """Return pairs of user id and room: the users who were removed within `EXPULSION_WINDOW`, and their rooms."""
    rows = Participant.objects.filter(removed_at__gt=clock.now() - EXPULSION_WINDOW)
    return [(user, room_of(conversation)) for user, conversation in rows.values_list("user_id", "conversation_id")]


def presence_rooms(user_ids: Collection[uuid.UUID]) -> list[tuple[uuid.UUID, str]]:
    """Return pairs of user id and room: the rooms of each user's latest conversations, which receive the presence."""
    latest = newest_of_each(
        Participant,
        "conversation_id",
        by="user_id",
        among=user_ids,
        unless="removed_at",
        order_by=("last_activity_at", "conversation_id"),
        limit=PRESENCE_CONVERSATIONS,
    )
    return [(user_id, room_of(conversation_id)) for user_id, conversation_id in latest]
