"""System messages: messages of a flow, which announce a transition, and messages of operators."""

import uuid
from collections.abc import Sequence

from accounts.models import SYSTEM_USER_ID
from conversations.flows import Role
from conversations.flows.decisions import SystemMessage as SystemText
from conversations.locking import lock_conversation
from conversations.models import Conversation, Participant, ParticipantRow, Transition
from conversations.selectors import participants_of
from messaging.message_store import store_messages
from messaging.models import SYSTEM, Message
from messaging.uploads.services import attach_uploads
from realtime import unit_of_work


def post_system_message(*, conversation_id: uuid.UUID, text: str) -> Message:
    """Write a system message for an operator or a command. Raises `NotFound`."""
    with unit_of_work():
        conversation = lock_conversation(conversation_id)
        receiver = conversation.flow.system_receiver(conversation.flow_state)
        return write_system_message(
            conversation=conversation,
            participants=participants_of(conversation),
            content=SystemText(text=text, sender=Role.SYSTEM, receiver=receiver, action_data=None),
        )


def write_system_message(
    *,
    conversation: Conversation,
    participants: Sequence[Participant],
    content: SystemText,
    transition: Transition | None = None,
    upload_ids: Sequence[str] = (),
) -> Message:
    """Write a message from and to the participants with the roles in `content`. If no participant has the sender's
    role, the sender is the system user; if two participants have a role, the first is used.

    `transition` is the transition that the message announces; `upload_ids` are files that the sender delivers with it.
    The caller has locked the conversation.
    """
    users = {participant.role: participant.user for participant in reversed(participants)}
    sender = users.get(content.sender)
    message = Message(
        conversation=conversation,
        sender_id=sender.pk if sender else SYSTEM_USER_ID,
        receiver_id=users[content.receiver].pk,
        message=content.text,
        message_type=SYSTEM,
        is_automated=True,
        action_required=content.action_required,
        action_data=dict(content.action_data) if content.action_data else None,
        transition=transition,
    )
    message.loaded_attachments = ()
    if sender is not None and upload_ids:
        message.loaded_attachments = attach_uploads(owner=sender, upload_ids=upload_ids, message_id=message.pk)
    rows = conversation.participant_rows = [ParticipantRow.of(participant) for participant in participants]
    store_messages([message])
    for participant, row in zip(participants, rows, strict=True):
        participant.unread_count = row.unread_count
    return message
