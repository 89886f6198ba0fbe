"""Reads of conversations and of who takes part in them."""

import uuid
from collections.abc import Collection, Iterable
from datetime import timedelta

from django.db.models import QuerySet

from accounts.models import User
from conversations.errors import ConversationNotFound
from conversations.models import Conversation, Participant, room_of
from foundation import clock
from foundation.database.bulk import newest_of_each, select_by_pair, select_many, sum_many
from foundation.database.pipeline import pipelined
from foundation.ids import parse_id

PRESENCE_CONVERSATIONS = 100
EXPULSION_WINDOW = timedelta(minutes=5)


def participations_of(user_id: uuid.UUID) -> QuerySet[Participant]:
    """The participations of a person in conversations, without those that have ended."""
    return Participant.objects.filter(user_id=user_id, removed_at=None)


def visible_conversation(*, user: User, conversation_id: object) -> Conversation:
    """The conversation, if the user takes part in it or is staff. Raises `NotFound`, for a malformed id too."""
    parsed = parse_id(conversation_id)
    found = Conversation.objects.filter(pk=parsed) if parsed else Conversation.objects.none()
    if not user.is_staff:
        found = found.filter(participants__user=user, participants__removed_at=None)
    conversation = found.first()
    if conversation is None:
        raise ConversationNotFound
    return conversation


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


def may_enter(pairs: Iterable[tuple[uuid.UUID, str]]) -> set[tuple[uuid.UUID, str]]:
    """Those of the pairs of user and room in which the user may be in the room: a conversation's by taking part in
    it or as staff, a user's as oneself."""
    asked = {(user_id, room): room.partition("_") for user_id, room in pairs}
    own = {pair for pair, (kind, _, name) in asked.items() if kind == "user" and parse_id(name) == pair[0]}
    conversations = {
        pair: parsed for pair, (kind, _, name) in asked.items() if kind == "conversation" and (parsed := parse_id(name))
    }
    if not conversations:
        return own
    users = {user_id for user_id, _ in conversations}
    wanted = {(user_id, conversation_id) for (user_id, _), conversation_id in conversations.items()}
    with pipelined():
        people = select_many(User, ("id", "is_staff"), by="id", among=users, order_by="id")
        names = ("user_id", "conversation_id")
        participants = select_by_pair(Participant, (*names, "removed_at"), by=names, among=wanted)
        staff = {user_id for user_id, is_staff in people if is_staff}
        taking_part = {(user_id, one) for user_id, one, removed_at in participants if removed_at is None}
    seen_by_staff = {one for (user_id, _), one in conversations.items() if user_id in staff}
    exist = set(Conversation.objects.filter(pk__in=seen_by_staff).values_list("pk", flat=True)) if staff else set()
    return own | {
        (user_id, room)
        for (user_id, room), conversation_id in conversations.items()
        if (user_id in staff and conversation_id in exist) or (user_id, conversation_id) in taking_part
    }


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
