"""Removing a participant. `visibility` says who may see a conversation."""

import uuid

from conversations.locking import lock_conversation
from conversations.models import Participant, room_of
from foundation import clock
from foundation.errors import NotFound
from realtime import expel, unit_of_work


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
