"""Removing a participant from a conversation."""

import uuid

from conversations.locking import lock_conversation
from conversations.models import Participant, room_of
from conversations.signals import participant_removed
from foundation import clock
from foundation.errors import NotFound
from realtime import expel, unit_of_work


def remove_participant(*, conversation_id: uuid.UUID, user_id: uuid.UUID) -> None:
    """Remove a participant. After the commit, the user cannot read the conversation or be in its room, in any process.

    Raises `ConversationNotFound`, or `NotFound` if the user is not a participant.
    """
    with unit_of_work():
        conversation = lock_conversation(conversation_id)
        changed = Participant.objects.filter(conversation_id=conversation_id, user_id=user_id, removed_at=None).update(
            removed_at=clock.now()
        )
        if not changed:
            raise NotFound("That person is not a participant of this conversation.")
        participant_removed.send(Participant, conversation=conversation, user_id=user_id)
    expel(user_id, room_of(conversation_id))
