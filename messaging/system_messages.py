"""Messages that no person wrote."""

import uuid

from accounts.models import SYSTEM_USER_ID
from conversations.locking import lock_conversation
from conversations.models import Conversation, Participant
from messaging.models import SYSTEM, Message
from realtime import unit_of_work


def post_system_message(*, conversation_id: uuid.UUID, text: str) -> Message:
    """A message that no person wrote, to both sides: from an operator, a command or the flow itself."""
    with unit_of_work():
        conversation = lock_conversation(conversation_id)
        return Message.objects.create(
            conversation=conversation,
            sender_id=SYSTEM_USER_ID,
            receiver_id=_awaited(conversation),
            message=text,
            message_type=SYSTEM,
            is_automated=True,
        )


def _awaited(conversation: Conversation) -> uuid.UUID:
    """The awaited side, or the brand owner, or in a direct conversation the first of the two."""
    participants = list(Participant.objects.filter(conversation=conversation).order_by("pk"))
    for role in (conversation.awaiting_role, "brand_owner"):
        for participant in participants:
            if participant.role == role:
                return participant.user_id
    return participants[0].user_id
