"""Telling people that a line of their conversation list has changed."""

import uuid

from conversations.models import Conversation, Participant
from conversations.selectors import total_unread
from foundation import clock
from messaging.events import CONVERSATION_LIST_UPDATED
from messaging.models import Message
from messaging.payloads import ListUpdatedPayload, MessagePayload
from realtime.product import user_room
from realtime.publishing import publish_ephemeral


def tell_lists(
    conversation: Conversation, reason: str, *, last: Message | None = None, only: uuid.UUID | None = None
) -> None:
    """Send `conversation_list_updated` to both sides (or to `only` one), each with its own counts.

    `last` spares a query where the newest message is known.
    """
    places = Participant.objects.filter(conversation=conversation, removed_at=None)
    places = list(places.filter(user_id=only) if only else places)
    totals = total_unread([place.user_id for place in places])
    newest = last or Message.objects.filter(conversation=conversation).order_by("-seq").first()
    shown = MessagePayload.of(newest, state_version=conversation.state_version) if newest else None
    for place in places:
        payload = ListUpdatedPayload.model_construct(
            conversation_id=conversation.pk,
            reason=reason,
            last_message=shown,
            unread_count=place.unread_count,
            total_unread=totals[place.user_id],
            updated_at=clock.now(),
        )
        publish_ephemeral(user_room(place.user_id), CONVERSATION_LIST_UPDATED, payload)
