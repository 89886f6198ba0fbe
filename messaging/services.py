"""Editing, deleting and reading messages, and speaking as the system: each one transaction, called by REST, sockets
and the admin alike."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from accounts.models import SYSTEM_USER_ID, User
from conversations.errors import ConversationNotFound
from conversations.flows.errors import ConversationClosed
from conversations.models import Conversation, Participant
from conversations.selectors import participants_of, total_unread
from conversations.services import lock_conversation
from foundation import clock
from foundation.errors import Forbidden, Invalid, NotFound
from foundation.ids import parse_id
from messaging.conversation_list import publish_list_updates
from messaging.events import MESSAGE_DELETED, MESSAGE_UPDATED, MESSAGES_READ
from messaging.models import SYSTEM, Message
from messaging.payloads import (
    MessageDeletedPayload,
    MessagePayload,
    MessagesReadPayload,
    MessageUpdatedPayload,
    redacted,
)
from messaging.requests import EditMessageRequest, MarkReadRequest
from messaging.selectors import describing_conflicts
from messaging.signals import message_erased, messages_read
from realtime import erase_events, publish, run_savepoint_batch, unit_of_work


def lock_as_participant(conversation_id: uuid.UUID, user: User) -> tuple[Conversation, list[Participant]]:
    """The conversation, locked, and both participants, for somebody who is one of them.

    Raises `NotFound` for others, `Forbidden` for staff, who may look and not write.
    """
    conversation = lock_conversation(conversation_id)
    participants = participants_of(conversation)
    if not any(participant.user_id == user.pk and participant.removed_at is None for participant in participants):
        if user.is_staff:
            raise Forbidden("Only those who take part in a conversation write in it.")
        raise ConversationNotFound
    return conversation, participants


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


def _own_message(message_id: object, user: User) -> Message:
    """The user's own text, its conversation locked. Raises `NotFound` where the user may not see it, `Forbidden`
    where it is not the user's own words."""
    parsed, found = parse_id(message_id), _conversation_of(message_id)
    if parsed is None or found is None:
        raise NotFound("There is no such message.")
    try:
        lock_as_participant(found, user)
    except NotFound:
        raise NotFound("There is no such message.") from None
    message = Message.objects.select_related("conversation").get(pk=parsed)
    if message.sender_id != user.pk or not message.is_from_user:
        raise Forbidden("Only one's own messages can be changed.")
    return message


def _conversation_of(message_id: object) -> uuid.UUID | None:
    parsed = parse_id(message_id)
    return Message.objects.filter(pk=parsed).values_list("conversation_id", flat=True).first() if parsed else None


def edit_message(*, user: User, message_id: object, data: EditMessageRequest) -> Message:
    """Put other words into one's own message. Editing it to the words that it has changes nothing."""
    with describing_conflicts(user, _conversation_of(message_id)), unit_of_work():
        message = _own_message(message_id, user)
        if message.is_deleted:
            raise NotFound("This message was deleted.")
        if message.conversation.is_closed:
            raise ConversationClosed
        if message.message == data.message:
            return message
        message.message = data.message
        message.edited_at = clock.now()
        message.save(update_fields=["message", "edited_at"])
        payload = MessageUpdatedPayload(conversation_id=message.conversation_id, message=MessagePayload.of(message))
        publish(message.conversation.room, MESSAGE_UPDATED, payload, subject=message.pk)
        publish_list_updates(message.conversation, "updated")
        return message


def delete_message(*, user: User, message_id: object) -> Message:
    """Erase the content of one's own message, in the log too; its `seq` stays. Repeated, it changes nothing."""
    with unit_of_work():
        message = _own_message(message_id, user)
        if message.is_deleted:
            return message
        message.message, message.media_url, message.deleted_at = "", None, clock.now()
        message.save(update_fields=["message", "media_url", "deleted_at"])
        message.attachments.all().delete()
        _recount_unread(message.conversation_id)
        erase_events(message.pk, redacted)
        message_erased.send(Message, message=message)
        payload = MessageDeletedPayload(
            conversation_id=message.conversation_id, message_id=message.pk, deleted_at=message.deleted_at
        )
        publish(message.conversation.room, MESSAGE_DELETED, payload)
        publish_list_updates(message.conversation, "deleted")
        return message


def _recount_unread(conversation_id: uuid.UUID) -> None:
    for participant in Participant.objects.filter(conversation_id=conversation_id):
        participant.unread_count = count_unread(participant)
        participant.save(update_fields=["unread_count"])


def count_unread(participant: Participant) -> int:
    """The number that `Participant.unread_count` has to hold, counted from the messages."""
    unread = Message.objects.filter(
        conversation_id=participant.conversation_id, seq__gt=participant.last_read_seq, deleted_at=None
    )
    return unread.exclude(sender_id=participant.user_id).count()


@dataclass(frozen=True)
class ReadMarkResult:
    unread_count: int
    total_unread: int
    up_to_seq: int


@dataclass(frozen=True)
class ReadMarkUpdate:
    """What one person has read."""

    user: User
    conversation_id: object
    data: MarkReadRequest


def mark_read_many(updates: Sequence[ReadMarkUpdate]) -> list[ReadMarkResult | Exception]:
    """Move many read marks in one transaction; each is answered as `mark_read` would."""
    return run_savepoint_batch(
        lambda one: mark_read(user=one.user, conversation_id=one.conversation_id, data=one.data),
        updates,
        by=lambda one: str(one.conversation_id),
    )


def mark_read(*, user: User, conversation_id: object, data: MarkReadRequest) -> ReadMarkResult:
    """Move one's read mark forward, to a message or a `seq`; beyond the end it reads to the end."""
    parsed = parse_id(conversation_id)
    if parsed is None:
        raise ConversationNotFound
    with unit_of_work():
        conversation, participants = lock_as_participant(parsed, user)
        participant = next(participant for participant in participants if participant.user_id == user.pk)
        last = _last_message_read(conversation, data)
        if last > participant.last_read_seq:
            _move_mark(conversation, participant, last)
        return ReadMarkResult(participant.unread_count, total_unread([user.pk])[user.pk], participant.last_read_seq)


def _last_message_read(conversation: Conversation, data: MarkReadRequest) -> int:
    messages = Message.objects.filter(conversation=conversation)
    if isinstance(data.up_to, str):
        message_id = parse_id(data.up_to)
        seq = messages.filter(pk=message_id).values_list("seq", flat=True).first() if message_id else None
        if seq is None:
            raise Invalid(errors={"up_to": ["There is no such message in this conversation."]})
        return seq
    return messages.filter(seq__lte=data.up_to).order_by("-seq").values_list("seq", flat=True).first() or 0


def _move_mark(conversation: Conversation, participant: Participant, last: int) -> None:
    now = clock.now()
    participant.last_read_seq = last
    participant.unread_count = count_unread(participant)
    participant.save(update_fields=["last_read_seq", "unread_count"])
    Message.objects.filter(
        conversation=conversation, receiver_id=participant.user_id, read_at=None, seq__lte=last
    ).update(read_at=now)
    payload = MessagesReadPayload(
        conversation_id=conversation.pk, user_id=participant.user_id, up_to_seq=last, read_at=now
    )
    publish(conversation.room, MESSAGES_READ, payload)
    messages_read.send(Message, conversation_id=conversation.pk, user_id=participant.user_id, up_to_seq=last)
    publish_list_updates(conversation, "read", only=participant.user_id)
