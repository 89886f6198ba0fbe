"""Conversations change here, under their row's lock.

Lock order: conversations by id, then rooms (`realtime.unit_of_work`). Participants change under the lock of their
conversation.
"""

import uuid
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import MISSING, dataclass, fields
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from accounts.models import User
from conversations.errors import ConversationNotFound
from conversations.flows import Decision, Flow, Role, flow_for
from conversations.models import Conversation, ConversationView, Participant, ParticipantRow, room_of
from conversations.selectors import unread_sums
from conversations.transitions import record_transition, set_state
from foundation import clock
from foundation.database.bulk import fetch_many, select_many, update_many
from foundation.database.pipeline import pipelined
from foundation.errors import NotFound
from realtime import expel, lock_rooms, queue_room_locks, reserve_seq, unit_of_work, user_room

PARTICIPANT_CACHE_SIZE = 16_384
"""Conversations of which a process remembers who takes part: some eight megabytes."""

_ROW_COLUMNS = tuple(field.name for field in fields(ParticipantRow) if field.default is MISSING)


def lock_conversation(conversation_id: uuid.UUID) -> Conversation:
    """The conversation with its row locked until the transaction ends. Raises `NotFound`."""
    try:
        return Conversation.objects.select_for_update().get(pk=conversation_id)
    except Conversation.DoesNotExist:
        raise ConversationNotFound from None


def lock_with_participants(conversation_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Conversation]:
    """Those of the conversations that exist, locked in the order of their ids, with `participant_rows`."""
    with pipelined():
        return queue_lock_with_participants(conversation_ids)()


def queue_lock_with_participants(
    conversation_ids: Collection[uuid.UUID],
) -> Callable[[], dict[uuid.UUID, Conversation]]:
    """Queue the queries of `lock_with_participants` in a pipeline. The function returned waits for their result."""
    conversations = fetch_many(Conversation, by="id", among=conversation_ids, order_by="id", lock=True)
    rows = _select_participant_rows(conversation_ids)

    def read() -> dict[uuid.UUID, Conversation]:
        found = {conversation.id: conversation for conversation in conversations}
        for conversation_id, participant_rows in _by_conversation(found, rows).items():
            found[conversation_id].participant_rows = participant_rows
            _participant_ids(conversation_id)[:] = [row.user_id for row in participant_rows]
        return found

    return read


def participant_rows_of(conversations: Iterable[Conversation]) -> dict[uuid.UUID, list[ParticipantRow]]:
    """Both participants of each conversation, in a stable order; queried where they were not read along."""
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


@dataclass(frozen=True, kw_only=True)
class NewParticipant:
    user: User
    role: Role


@dataclass(frozen=True, kw_only=True)
class OpenedConversation:
    """A conversation that was opened, or that there was already (`created` is False)."""

    conversation: Conversation
    created: bool


def open_conversation(
    *,
    conversation_type: str,
    participants: tuple[NewParticipant, NewParticipant],
    opener: User,
    decision: Decision,
    currency: str,
    title: str = "",
    source_id: str | None = None,
) -> OpenedConversation:
    """Open a conversation between two people, or find the one that there may only be one of.

    `decision` is the opening of the newest flow of this type. Its Transition is written; its message is the caller's.
    """
    flow = flow_for(conversation_type)
    key = _unique_key(flow, conversation_type, participants, source_id)
    with unit_of_work():
        now = clock.now()
        conversation = Conversation(
            conversation_type=conversation_type,
            title=title,
            source_id=source_id,
            currency=currency,
            unique_key=key,
            flow_name=flow.name,
            flow_version=flow.version,
            current_action_data=dict(decision.action_data) if decision.action_data else None,
            due_at=_after(now, decision.due.after),
            remind_at=_after(now, decision.due.remind_after),
            created_at=now,
            updated_at=now,
        )
        set_state(conversation, decision.conversation_state, decision.facts.state_version)
        if not _inserted(conversation):
            return OpenedConversation(conversation=lock_conversation(_by_key(key)), created=False)
        Participant.objects.bulk_create(
            Participant(
                conversation=conversation, user=participant.user, role=participant.role.value, last_activity_at=now
            )
            for participant in participants
        )
        lock_rooms(conversation.room)
        for step in decision.steps:
            record_transition(conversation=conversation, step=step, actor=opener)
        return OpenedConversation(conversation=conversation, created=True)


def _after(now: datetime, span: timedelta | None) -> datetime | None:
    return None if span is None else now + span


def _unique_key(
    flow: Flow, conversation_type: str, participants: tuple[NewParticipant, NewParticipant], source_id: str | None
) -> str | None:
    """What two conversations that may not both exist have in common; None where any number may."""
    if flow.one_per_pair:
        return ":".join([conversation_type, *sorted(str(participant.user.pk) for participant in participants)])
    if source_id is None:
        return None
    return ":".join([conversation_type, *(str(participant.user.pk) for participant in participants), source_id])


def _by_key(key: str | None) -> uuid.UUID:
    return Conversation.objects.values_list("pk", flat=True).get(unique_key=key)


def _inserted(conversation: Conversation) -> bool:
    """Insert first, ask afterwards: of two who open the same conversation at once one finds the other's."""
    Conversation.objects.bulk_create([conversation], ignore_conflicts=True)
    return Conversation.objects.filter(pk=conversation.pk).exists()


class UnreadTotals(NamedTuple):
    """What these users have unread over all conversations; it cannot change for those whose rooms are locked."""

    users: Collection[uuid.UUID]
    unread: Iterable[tuple[uuid.UUID, int]]


@lru_cache(maxsize=PARTICIPANT_CACHE_SIZE)
def _participant_ids(conversation_id: uuid.UUID) -> list[uuid.UUID]:
    """The participants, removed ones included, as `queue_lock_with_participants` last read them; empty before."""
    return []


def queue_unread_totals(senders: Collection[tuple[uuid.UUID, uuid.UUID]]) -> UnreadTotals | None:
    """Queue in a pipeline, behind `queue_lock_with_participants`, what `allocate_seqs` needs for messages in these
    conversations by these users: the locks of the rooms that get events, and the totals. None where the participants
    of one of the conversations are not known yet."""
    rooms, users = set(), set()
    for conversation_id, sender_id in senders:
        people = _participant_ids(conversation_id)
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


def remove_participant(*, conversation_id: uuid.UUID, user_id: uuid.UUID) -> None:
    """Take somebody out of a conversation: it is foreign to them from now on, in every process."""
    with unit_of_work():
        lock_conversation(conversation_id)
        changed = Participant.objects.filter(conversation_id=conversation_id, user_id=user_id, removed_at=None).update(
            removed_at=clock.now()
        )
    if not changed:
        raise NotFound("That person does not take part in this conversation.")
    expel(user_id, room_of(conversation_id))


def record_view(*, conversation: Conversation, viewer: User, through: str, subject: object = "") -> None:
    """Write that somebody of the staff looked into a conversation they do not take part in, or at the one message
    or file in it whose id is `subject`."""
    if viewer.is_staff and not Participant.objects.filter(conversation=conversation, user=viewer).exists():
        ConversationView.objects.create(conversation=conversation, viewer=viewer, through=through, subject=str(subject))
