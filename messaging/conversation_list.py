"""Telling people that a line of their conversation list has changed."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from conversations.models import Conversation, Place
from conversations.selectors import total_unread
from conversations.services import places_of
from foundation import clock
from messaging.events import CONVERSATION_LIST_UPDATED
from messaging.models import Message
from messaging.payloads import ListUpdatedPayload, MessagePayload
from messaging.selectors import last_messages
from realtime import before_commit, publish_ephemeral, user_room


@dataclass(frozen=True)
class _Line:
    conversation: Conversation
    reason: str
    last: Message | None
    only: uuid.UUID | None


def tell_lists(
    conversation: Conversation, reason: str, *, last: Message | None = None, only: uuid.UUID | None = None
) -> None:
    """Send `conversation_list_updated` to both sides (or to `only` one), each with its own counts, at the end of
    the unit of work: once for all that happens in it for the same reason.

    `last` spares a query where the newest message is known.
    """
    before_commit(_tell, _Line(conversation, reason, last, only))


def _tell(lines: list[_Line]) -> None:
    latest = {(line.conversation.id, line.reason, line.only): line for line in lines}.values()
    places = places_of(line.conversation for line in latest)
    totals = _totals(place for found in places.values() for place in found)
    without = [line.conversation.id for line in latest if line.last is None]
    newest = last_messages(without) if without else {}
    now = clock.now()
    for line in latest:
        message = line.last or newest.get(line.conversation.id)
        version = line.conversation.state_version
        shown = MessagePayload.of(message, state_version=version) if message else None
        for place in places[line.conversation.id]:
            if place.removed_at is None and line.only in {None, place.user_id}:
                known = place.total_unread
                _tell_one(place, line.reason, shown, totals[place.user_id] if known is None else known, now)


def _totals(places: Iterable[Place]) -> dict[uuid.UUID, int]:
    """What these users have unread, where the place does not know it."""
    unknown = {place.user_id for place in places if place.total_unread is None}
    return total_unread(unknown) if unknown else {}


def _tell_one(place: Place, reason: str, last: MessagePayload | None, total: int, now: datetime) -> None:
    payload = ListUpdatedPayload.model_construct(
        conversation_id=place.conversation_id,
        reason=reason,
        last_message=last,
        unread_count=place.unread_count,
        total_unread=total,
        updated_at=now,
    )
    publish_ephemeral(user_room(place.user_id), CONVERSATION_LIST_UPDATED, payload)
