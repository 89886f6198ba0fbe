"""Services that edit and delete messages."""

import uuid

from accounts.models import User
from conversations.flows.errors import ConversationClosed
from conversations.locking import lock_as_participant
from foundation import clock
from foundation.errors import Forbidden, Invalid, NotFound
from foundation.ids import parse_id
from foundation.text import BLANK_MESSAGE
from messaging.events import MESSAGE_DELETED, MESSAGE_UPDATED
from messaging.list_updates import publish_list_updates
from messaging.models import Message
from messaging.payloads import MessageDeletedPayload, MessagePayload, MessageUpdatedPayload, as_it_stands
from messaging.requests import EditMessageRequest
from messaging.revisions import keep_deleted, keep_edited
from messaging.signals import message_edited, message_erased
from messaging.unread_counts import recount_conversation
from realtime import publish, rewrite_events, unit_of_work


def _own_message(message_id: object, user: User) -> Message:
    """Lock the conversation of a text that the user wrote, and return the message.

    Raises `NotFound` if the user cannot see the message, and `Forbidden` if the user did not write it.
    """
    parsed, found = parse_id(message_id), _conversation_of(message_id)
    if parsed is None or found is None:
        raise NotFound("There is no such message.")
    try:
        lock_as_participant(found, user)
    except NotFound:
        raise NotFound("There is no such message.") from None
    message = Message.objects.select_related("conversation").get(pk=parsed)
    if message.sender_id != user.pk or not message.is_from_user:
        raise Forbidden("You can change only your own messages.")
    return message


def _conversation_of(message_id: object) -> uuid.UUID | None:
    parsed = parse_id(message_id)
    return Message.objects.filter(pk=parsed).values_list("conversation_id", flat=True).first() if parsed else None


def edit_message(*, user: User, message_id: object, data: EditMessageRequest) -> Message:
    """Replace the text of the user's own message, also in the event log. The same text again changes nothing.

    Raises `NotFound`, also for a deleted message, `Forbidden` for another user's message, `ConversationClosed`, and
    `Invalid` for an empty text of a message without attachments.
    """
    with unit_of_work():
        message = _own_message(message_id, user)
        if message.is_deleted:
            raise NotFound("This message was deleted.")
        if message.conversation.is_closed:
            raise ConversationClosed
        if message.message == data.message:
            return message
        if not data.message and not message.attachments.exists():
            raise Invalid(errors={"message": [BLANK_MESSAGE]})
        keep_edited(message)
        message.message = data.message
        message.edited_at = clock.now()
        message.save(update_fields=["message", "edited_at"])
        rewrite_events(message.pk, as_it_stands(message))
        message_edited.send(Message, message=message)
        payload = MessageUpdatedPayload(conversation_id=message.conversation_id, message=MessagePayload.of(message))
        publish(message.conversation.room, MESSAGE_UPDATED, payload, subject=message.pk)
        publish_list_updates(message.conversation, "updated")
        return message


def delete_message(*, user: User, message_id: object) -> Message:
    """Erase the content of the user's own message, also in the event log. The message keeps its `seq`.

    Deleting it again changes nothing. Raises `NotFound`, and `Forbidden` for another user's message.
    """
    with unit_of_work():
        message = _own_message(message_id, user)
        if message.is_deleted:
            return message
        keep_deleted(message)
        message.message, message.media_url, message.deleted_at = "", None, clock.now()
        message.save(update_fields=["message", "media_url", "deleted_at"])
        recount_conversation(message.conversation_id)
        rewrite_events(message.pk, as_it_stands(message))
        message_erased.send(Message, message=message)
        payload = MessageDeletedPayload(
            conversation_id=message.conversation_id, message_id=message.pk, deleted_at=message.deleted_at
        )
        publish(message.conversation.room, MESSAGE_DELETED, payload)
        publish_list_updates(message.conversation, "deleted")
        return message
