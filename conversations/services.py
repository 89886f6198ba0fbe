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
from conversations.errors import NoConversation
from conversations.flows import Decision, Flow, Role, flow_for
from conversations.models import Conversation, ConversationView, Participant, Place, room_of
from conversations.selectors import unread_sums
from conversations.transitions import record_transition, stand
from foundation import clock
from foundation.database.bulk import fetch_many, select_many, update_many
from foundation.database.pipeline import pipelined
from foundation.errors import NotFound
from realtime import expel, lock_rooms, queue_room_locks, reserve_seq, unit_of_work, user_room

PEOPLE_REMEMBERED = 16_384
"""Conversations of which a process remembers who takes part: some eight megabytes."""

_PLACE = tuple(field.name for field in fields(Place) if field.default is MISSING)


def locked(conversation_id: uuid.UUID) -> Conversation:
    """The conversation with its row locked until the transaction ends. Raises `NotFound`."""
    try:
        return Conversation.objects.select_for_update().get(pk=conversation_id)
    except Conversation.DoesNotExist:
        raise NoConversation from None


def locked_with_places(conversation_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Conversation]:
    """Those of the conversations that exist, locked in the order of their ids, with their `places`."""
    with pipelined():
        return ask_locked_with_places(conversation_ids)()


def ask_locked_with_places(
    conversation_ids: Collection[uuid.UUID],
) -> Callable[[], dict[uuid.UUID, Conversation]]:
    """Gives a function whose result is that of `locked_with_places`. In a pipeline it is what waits for the answer."""
    locked = fetch_many(Conversation, by="id", among=conversation_ids, order_by="id", lock=True)
    rows = _select_places(conversation_ids)

    def read() -> dict[uuid.UUID, Conversation]:
        found = {conversation.id: conversation for conversation in locked}
        for conversation_id, places in _by_conversation(found, rows).items():
            found[conversation_id].places = places
            _people(conversation_id)[:] = [place.user_id for place in places]
        return found

    return read


def places_of(conversations: Iterable[Conversation]) -> dict[uuid.UUID, list[Place]]:
    """Both places of each conversation, in a steady order; looked up where they are not known."""
    by_id = {conversation.id: conversation for conversation in conversations}
    known = {key: one.places for key, one in by_id.items() if "places" in vars(one)}
    unknown = [key for key in by_id if key not in known]
    return known | (_by_conversation(unknown, _select_places(unknown)) if unknown else {})


def _select_places(conversation_ids: Iterable[uuid.UUID]) -> Iterable[tuple[Any, ...]]:
    return select_many(Participant, _PLACE, by="conversation_id", among=conversation_ids, order_by="id")


def _by_conversation(
    conversation_ids: Iterable[uuid.UUID], rows: Iterable[tuple[Any, ...]]
) -> dict[uuid.UUID, list[Place]]:
    places: dict[uuid.UUID, list[Place]] = {one: [] for one in conversation_ids}
    for row in rows:
        place = Place(*row)
        places[place.conversation_id].append(place)
    return places


@dataclass(frozen=True, kw_only=True)
class Side:
    user: User
    role: Role


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A conversation that was opened, or that there was already (`created` is False)."""

    conversation: Conversation
    created: bool


def open_conversation(
    *,
    conversation_type: str,
    sides: tuple[Side, Side],
    opener: User,
    decision: Decision,
    currency: str,
    title: str = "",
    source_id: str | None = None,
) -> Opened:
    """Open a conversation between two people, or find the one that there may only be one of.

    `decision` is the opening of the newest flow of this type. Its Transition is written; its message is the caller's.
    """
    flow = flow_for(conversation_type)
    key = _unique_key(flow, conversation_type, sides, source_id)
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
        stand(conversation, decision.standing, decision.facts.state_version)
        if not _inserted(conversation):
            return Opened(conversation=locked(_by_key(key)), created=False)
        Participant.objects.bulk_create(
            Participant(conversation=conversation, user=side.user, role=side.role.value, last_activity_at=now)
            for side in sides
        )
        lock_rooms(conversation.room)
        for step in decision.steps:
            record_transition(conversation=conversation, step=step, actor=opener)
        return Opened(conversation=conversation, created=True)


def _after(now: datetime, span: timedelta | None) -> datetime | None:
    return None if span is None else now + span


def _unique_key(flow: Flow, conversation_type: str, sides: tuple[Side, Side], source_id: str | None) -> str | None:
    """What two conversations that may not both exist have in common; None where any number may."""
    if flow.one_per_pair:
        return ":".join([conversation_type, *sorted(str(side.user.pk) for side in sides)])
    if source_id is None:
        return None
    return ":".join([conversation_type, *(str(side.user.pk) for side in sides), source_id])


def _by_key(key: str | None) -> uuid.UUID:
    return Conversation.objects.values_list("pk", flat=True).get(unique_key=key)


def _inserted(conversation: Conversation) -> bool:
    """Insert first, ask afterwards: of two who open the same conversation at once one finds the other's."""
    Conversation.objects.bulk_create([conversation], ignore_conflicts=True)
    return Conversation.objects.filter(pk=conversation.pk).exists()


class Totals(NamedTuple):
    """What these users have unread over all conversations: for those whose rooms are locked nobody changes it."""

    users: Collection[uuid.UUID]
    unread: Iterable[tuple[uuid.UUID, int]]


@lru_cache(maxsize=PEOPLE_REMEMBERED)
def _people(conversation_id: uuid.UUID) -> list[uuid.UUID]:
    """Who takes part, removed ones included, as it was when `ask_locked_with_places` last read it; empty before."""
    return []


def ask_to_take_places(senders: Collection[tuple[uuid.UUID, uuid.UUID]]) -> Totals | None:
    """In a pipeline, behind `ask_locked_with_places`: what `take_places` will need to know for messages in these
    conversations by these users, with the rooms of all who are going to be told locked. None where it is not known yet
    who takes part in one of the conversations."""
    rooms, users = set(), set()
    for conversation_id, sender_id in senders:
        people = _people(conversation_id)
        if not people:
            return None
        rooms.add(room_of(conversation_id))
        rooms.update(user_room(one) for one in people if one != sender_id)
        users.update(people)
    return _ask_totals(rooms, users)


def _ask_totals(rooms: Iterable[str], users: Collection[uuid.UUID]) -> Totals:
    # Behind the locks of the rooms: who writes to the same user at the same time has committed by then.
    queue_room_locks(rooms)
    return Totals(users, unread_sums(users))


def take_places(
    *, senders: Sequence[tuple[Conversation, uuid.UUID]], lock_with: Iterable[str] = (), totals: Totals | None = None
) -> list[int]:
    """Make room for messages, each given as its conversation, from `locked_with_places`, and its sender: the
    conversations move to the top of both lists, one more is unread for the others.

    Answers the `seq` of each message. The caller is in a unit of work and saves the messages in it. Where it locks no
    other conversations after this, it may have rooms locked along that are going to be told, and have asked for
    `totals` before (`ask_to_take_places`).
    """
    conversations = {conversation.room: conversation for conversation, _ in senders}.values()
    touched = [place for conversation in conversations for place in conversation.places]
    receiving = [place for one, sender_id in senders for place in one.places if place.user_id != sender_id]
    users = {place.user_id for place in touched}
    rooms = [*(one.room for one in conversations), *lock_with]
    if totals is None or not users.issubset(totals.users):
        totals = _ask_totals(rooms, users)
    if lock_rooms(*rooms):
        # A room that is made only now has kept nobody waiting who writes to the same user.
        totals = _ask_totals(rooms, users)
    more = Counter(place.user_id for place in receiving if place.removed_at is None)
    unread = dict(totals.unread)
    for place in receiving:
        place.unread_count += 1
    for place in touched:
        place.total_unread = unread.get(place.user_id, 0) + more[place.user_id]
    now = clock.now()
    update_many(
        Participant,
        [{"id": one.id, "unread_count": one.unread_count, "last_activity_at": now} for one in touched],
    )
    return [reserve_seq(conversation.room) for conversation, _ in senders]


def remove_participant(*, conversation_id: uuid.UUID, user_id: uuid.UUID) -> None:
    """Take somebody out of a conversation: it is foreign to them from now on, in every process."""
    with unit_of_work():
        locked(conversation_id)
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
