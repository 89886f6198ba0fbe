"""The rights to read a conversation and to be in a room."""

import uuid
from collections.abc import Iterable

from accounts.models import User
from conversations.errors import ConversationNotFound
from conversations.models import Conversation, Participant
from foundation.database.bulk import select_by_pair, select_many
from foundation.database.pipeline import pipelined
from foundation.ids import parse_id


def visible_conversation(*, user: User, conversation_id: object) -> Conversation:
    """Return a conversation that the user may read. Participants and staff may read it.

    Raises `ConversationNotFound` for other users, and if the conversation does not exist or the id is malformed.
    """
    parsed = parse_id(conversation_id)
    found = Conversation.objects.filter(pk=parsed) if parsed else Conversation.objects.none()
    if not user.is_staff:
        found = found.filter(participants__user=user, participants__removed_at=None)
    conversation = found.first()
    if conversation is None:
        raise ConversationNotFound
    return conversation


def may_enter(pairs: Iterable[tuple[uuid.UUID, str]]) -> set[tuple[uuid.UUID, str]]:
    """Return the pairs of user id and room in which the user may be in the room.

    Participants and staff may be in the room of a conversation. Only the user may be in the user's own room.
    """
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
