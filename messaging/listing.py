"""Telling people that a line of their conversation list has changed."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from conversations.models import Conversation, Participant
from conversations.selectors import total_unread
from foundation import clock
from messaging.events import CONVERSATION_LIST_UPDATED
from messaging.models import Message
from messaging.payloads import ListUpdatedPayload, MessagePayload
from messaging.selectors import last_messages
from realtime.product import user_room
from realtime.publishing import at_end, publish_ephemeral


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
    at_end(_tell, _Line(conversation, reason, last, only))


def _tell(lines: list[_Line]) -> None:
    latest = {(line.conversation.pk, line.reason, line.only): line for line in lines}.values()
    places = _places(line.conversation.pk for line in latest)
    totals = total_unread({place.user_id for found in places.values() for place in found})
    newest = last_messages([line.conversation.pk for line in latest if line.last is None])
    for line in latest:
        message = line.last or newest.get(line.conversation.pk)
        version = line.conversation.state_version
        shown = MessagePayload.of(message, state_version=version) if message else None
        for place in places[line.conversation.pk]:
            if line.only in {None, place.user_id}:
                _tell_one(place, line.reason, shown, totals[place.user_id])


def _places(conversation_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[Participant]]:
    found: dict[uuid.UUID, list[Participant]] = {one: [] for one in conversation_ids}
    for place in Participant.objects.filter(conversation__in=list(found), removed_at=None).order_by("pk"):
        found[place.conversation_id].append(place)
    return found


def _tell_one(place: Participant, reason: str, last: MessagePayload | None, total: int) -> None:
    payload = ListUpdatedPayload.model_construct(
        conversation_id=place.conversation_id,
        reason=reason,
        last_message=last,
        unread_count=place.unread_count,
        total_unread=total,
        updated_at=clock.now(),
    )
    publish_ephemeral(user_room(place.user_id), CONVERSATION_LIST_UPDATED, payload)
