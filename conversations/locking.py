"""Functions that lock conversations. Every write to a conversation begins with one of them.

Lock order: conversations by id, then rooms (`realtime`). The lock of a conversation also guards its participants.
"""

import uuid
from collections.abc import Callable, Collection, Iterable
from dataclasses import MISSING, fields
from typing import Any

from accounts.models import User
from conversations import participant_cache
from conversations.errors import ConversationNotFound
from conversations.models import Conversation, Participant, ParticipantRow
from conversations.selectors import participants_of
from foundation.database.bulk import fetch_many, select_many
from foundation.database.pipeline import pipelined
from foundation.errors import Forbidden
from foundation.ids import parse_id

_ROW_COLUMNS = tuple(field.name for field in fields(ParticipantRow) if field.default is MISSING)


def lock_conversation(conversation_id: object) -> Conversation:
    """Lock a conversation until the transaction ends, and return it.

    Raises `ConversationNotFound` if it does not exist or the id is malformed.
    """
    parsed = parse_id(conversation_id)
    among = [] if parsed is None else [parsed]
    for conversation in fetch_many(Conversation, by="id", among=among, order_by="id", lock=True):
        return conversation
    raise ConversationNotFound


def lock_with_participants(conversation_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Conversation]:
    """Lock the conversations in the order of their ids, and return them by id, with `participant_rows` set.

    Conversations that do not exist are missing in the result.
    """
    with pipelined():
        return queue_lock_with_participants(conversation_ids)()


def queue_lock_with_participants(
    conversation_ids: Collection[uuid.UUID],
) -> Callable[[], dict[uuid.UUID, Conversation]]:
    """Queue the queries of `lock_with_participants` in a pipeline. The returned function waits for their result."""
    conversations = fetch_many(Conversation, by="id", among=conversation_ids, order_by="id", lock=True)
    rows = _select_participant_rows(conversation_ids)

    def read() -> dict[uuid.UUID, Conversation]:
        found = {conversation.id: conversation for conversation in conversations}
        by_conversation = _by_conversation(found, rows)
        for conversation_id, participant_rows in by_conversation.items():
            found[conversation_id].participant_rows = participant_rows
        participant_cache.set_many((key, tuple([row.user_id for row in rows])) for key, rows in by_conversation.items())
        return found

    return read


def participant_rows_of(conversations: Iterable[Conversation]) -> dict[uuid.UUID, list[ParticipantRow]]:
    """Return both participants of each conversation, in a stable order.

    Only the participants of conversations without `participant_rows` are queried.
    """
    by_id = {conversation.id: conversation for conversation in conversations}
    known = {key: one.participant_rows for key, one in by_id.items() if "participant_rows" in vars(one)}
    unknown = [key for key in by_id if key not in known]
    return known | (_by_conversation(unknown, _select_participant_rows(unknown)) if unknown else {})


def _select_participant_rows(conversation_ids: Iterable[uuid.UUID]) -> Iterable[tuple[Any, ...]]:
    return select_many(Participant, _ROW_COLUMNS, by="conversation_id", among=conversation_ids, order_by="id")


def _by_conversation(
    conversation_ids: Iterable[uuid.UUID], rows: Iterable[tuple[Any, ...]]
) -> dict[uuid.UUID, list[ParticipantRow]]:
    participant_rows: dict[uuid.UUID, list[ParticipantRow]] = {one: [] for one in conversation_ids}
    for columns in rows:
        row = ParticipantRow(*columns)
        participant_rows[row.conversation_id].append(row)
    return participant_rows


def lock_as_participant(conversation_id: object, user: User) -> tuple[Conversation, list[Participant]]:
    """Lock a conversation for one of its participants, and return it with both participants.

    Raises `ConversationNotFound` for other users, and `Forbidden` for staff, who may read but not write.
    """
    conversation = lock_conversation(conversation_id)
    participants = participants_of(conversation)
    if not any(participant.user_id == user.pk and participant.removed_at is None for participant in participants):
        if user.is_staff:
            raise Forbidden("Only participants can write in a conversation.")
        raise ConversationNotFound
    return conversation, participants
