"""The changes that a new message makes to a conversation: its `seq`, the unread counts, its position in both lists."""

import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from conversations import participant_cache
from conversations.models import Conversation, Participant, ParticipantRow, room_of
from conversations.selectors import unread_sums
from foundation import clock
from foundation.database.bulk import update_many
from realtime import lock_rooms, queue_room_locks, reserve_seq, user_room


class UnreadTotals(NamedTuple):
    """The unread messages of users over all conversations. They cannot change while the users' rooms are locked."""

    users: Collection[uuid.UUID]
    unread: Iterable[tuple[uuid.UUID, int]]


def queue_unread_totals(senders: Collection[tuple[uuid.UUID, uuid.UUID]]) -> UnreadTotals | None:
    """Queue the queries of `lock_rooms_and_total` in a pipeline, after the queries of `queue_lock_with_participants`.

    `senders` are pairs of conversation id and sender id, one for each message. Returns None if the participants of one
    of the conversations are not cached.
    """
    rooms: set[str] = set()
    users: set[uuid.UUID] = set()
    for conversation_id, sender_id in senders:
        people = participant_cache.get(conversation_id)
        if not people:
            return None
        rooms.add(room_of(conversation_id))
        rooms.update(user_room(one) for one in people if one != sender_id)
        users.update(people)
    return _queue_totals(rooms, users)


def _queue_totals(rooms: Iterable[str], users: Collection[uuid.UUID]) -> UnreadTotals:
    # The sums are read after the rooms are locked: by then, other writers to the same users have committed.
    queue_room_locks(rooms)
    return UnreadTotals(users, unread_sums(users))


def lock_rooms_and_total(
    conversations: Iterable[Conversation], rooms: Iterable[str], queued: UnreadTotals | None
) -> dict[uuid.UUID, int]:
    """Lock the rooms of the conversations and the other `rooms` that receive events of their messages.

    Returns the number of unread messages of each participant over all conversations, without users who have none.
    `queued` is the result of `queue_unread_totals`. The caller must not lock other conversations after this.
    """
    rooms = [*rooms, *(one.room for one in conversations)]
    users = {row.user_id for one in conversations for row in one.participant_rows}
    if queued is None or not users.issubset(queued.users):
        queued = _queue_totals(rooms, users)
    if lock_rooms(*rooms):
        # While a room did not exist, its lock did not block other writers for the same user. Read the sums again.
        queued = _queue_totals(rooms, users)
    return dict(queued.unread)


def allocate_seqs(
    senders: Sequence[tuple[Conversation, uuid.UUID]], totals: Mapping[uuid.UUID, int] | None = None
) -> list[int]:
    """Allocate a `seq` for each message, and return them in the same order.

    `senders` has the conversation and the sender's id of each message; the conversations are locked, with
    `participant_rows`. The conversations move to the top of both lists, and the unread counts of the receivers grow by
    one. If `totals` (from `lock_rooms_and_total`) is given, `total_unread` of the rows is set.

    The caller must be in a unit of work and save the messages in it.
    """
    conversations = {conversation.id: conversation for conversation, _ in senders}.values()
    rows = [row for conversation in conversations for row in conversation.participant_rows]
    receiving = [row for one, sender_id in senders for row in one.participant_rows if row.user_id != sender_id]
    for row in receiving:
        row.unread_count += 1
    if totals is not None:
        more = Counter(row.user_id for row in receiving if row.removed_at is None)
        for row in rows:
            row.total_unread = totals.get(row.user_id, 0) + more[row.user_id]
    _store_counts(rows)
    return [reserve_seq(conversation.room) for conversation, _ in senders]


def _store_counts(rows: Iterable[ParticipantRow]) -> None:
    now = clock.now()
    update_many(
        Participant, [{"id": one.id, "unread_count": one.unread_count, "last_activity_at": now} for one in rows]
    )
