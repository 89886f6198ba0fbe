"""Reads of conversations and of who takes part in them."""

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
    """The participations of a person in conversations, without those that have ended."""
    return Participant.objects.filter(user_id=user_id, removed_at=None)


def participants_of(conversation: Conversation) -> list[Participant]:
    """Both participants with their users, in a stable order; removed ones included, since what they wrote stays."""
    return list(Participant.objects.filter(conversation=conversation).select_related("user").order_by("pk"))


def other_participant_id(conversation_id: uuid.UUID, user_id: uuid.UUID) -> uuid.UUID:
    """Whom a message of this user goes to: the other participant; the brand owner where the user takes no part."""
    participants = list(Participant.objects.filter(conversation_id=conversation_id).order_by("role", "pk"))
    return next(participant.user_id for participant in participants if participant.user_id != user_id)


def unread_sums(user_ids: Iterable[uuid.UUID]) -> Iterable[tuple[uuid.UUID, int]]:
    """The users who have unread messages, with how many over all conversations. In a pipeline it is asked, and waited
    for when it is iterated over."""
    return sum_many(Participant, "unread_count", by="user_id", among=user_ids, unless="removed_at")


def total_unread(user_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, int]:
    """Unread messages over all conversations, by user."""
    wanted = list(user_ids)
    return dict.fromkeys(wanted, 0) | dict(unread_sums(wanted))


def recently_expelled() -> list[tuple[uuid.UUID, str]]:
    """Who was removed from which conversation's room in the last minutes."""
    rows = Participant.objects.filter(removed_at__gt=clock.now() - EXPULSION_WINDOW)
    return [(user, room_of(conversation)) for user, conversation in rows.values_list("user_id", "conversation_id")]


def presence_rooms(user_ids: Collection[uuid.UUID]) -> list[tuple[uuid.UUID, str]]:
    """These users with the rooms of their latest conversations, which receive their presence."""
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
