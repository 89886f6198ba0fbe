"""What changes in a conversation with a new message: its `seq`, the unread counts, and its position in both lists."""

import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from conversations.locking import known_participant_ids
from conversations.models import Conversation, Participant, room_of
from conversations.selectors import unread_sums
from foundation import clock
from foundation.database.bulk import update_many
from realtime import lock_rooms, queue_room_locks, reserve_seq, user_room


class UnreadTotals(NamedTuple):
    """What these users have unread over all conversations; it cannot change for those whose rooms are locked."""

    users: Collection[uuid.UUID]
    unread: Iterable[tuple[uuid.UUID, int]]


def queue_unread_totals(senders: Collection[tuple[uuid.UUID, uuid.UUID]]) -> UnreadTotals | None:
    """Queue in a pipeline, behind `queue_lock_with_participants`, what `allocate_seqs` needs for messages in these
    conversations by these users: the locks of the rooms that get events, and the totals. None where the participants
    of one of the conversations are not known yet."""
    rooms, users = set(), set()
    for conversation_id, sender_id in senders:
        people = known_participant_ids(conversation_id)
        if not people:
            return None
        rooms.add(room_of(conversation_id))
        rooms.update(user_room(one) for one in people if one != sender_id)
        users.update(people)
    return _queue_totals(rooms, users)


def _queue_totals(rooms: Iterable[str], users: Collection[uuid.UUID]) -> UnreadTotals:
    # Behind the locks of the rooms: others who write to the same users have committed by then.
    queue_room_locks(rooms)
    return UnreadTotals(users, unread_sums(users))


def allocate_seqs(
    *,
    senders: Sequence[tuple[Conversation, uuid.UUID]],
    lock_with: Iterable[str] = (),
    totals: UnreadTotals | None = None,
) -> list[int]:
    """Allocate a `seq` for each message, given as its conversation, from `lock_with_participants`, and its sender. The
    conversations move to the top of both lists, and the others have one more unread.

    The caller is in a unit of work and saves the messages in it. Where it locks no other conversations after this, it
    may pass further rooms to lock, and `totals` that it has queued before (`queue_unread_totals`).
    """
    conversations = {conversation.room: conversation for conversation, _ in senders}.values()
    touched = [row for conversation in conversations for row in conversation.participant_rows]
    receiving = [row for one, sender_id in senders for row in one.participant_rows if row.user_id != sender_id]
    users = {row.user_id for row in touched}
    rooms = [*(one.room for one in conversations), *lock_with]
    if totals is None or not users.issubset(totals.users):
        totals = _queue_totals(rooms, users)
    if lock_rooms(*rooms):
        # A room that was only created now has kept nobody waiting who writes to the same user.
        totals = _queue_totals(rooms, users)
    more = Counter(row.user_id for row in receiving if row.removed_at is None)
    unread = dict(totals.unread)
    for row in receiving:
        row.unread_count += 1
    for row in touched:
        row.total_unread = unread.get(row.user_id, 0) + more[row.user_id]
    now = clock.now()
    update_many(
        Participant,
        [{"id": one.id, "unread_count": one.unread_count, "last_activity_at": now} for one in touched],
    )
    return [reserve_seq(conversation.room) for conversation, _ in senders]
