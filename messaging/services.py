"""Editing, deleting and reading messages, and speaking as the system: each one transaction, called by REST, sockets
and the admin alike."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from accounts.models import SYSTEM_USER_ID, User
from conversations.errors import NoConversation
from conversations.flows.errors import ConversationClosed
from conversations.models import Conversation, Participant
from conversations.selectors import total_unread
from conversations.services import locked
from foundation import clock
from foundation.errors import Forbidden, Invalid, NotFound
from foundation.ids import parse_id
from messaging.conversation_list import tell_lists
from messaging.events import MESSAGE_DELETED, MESSAGE_UPDATED, MESSAGES_READ
from messaging.models import SYSTEM, Message
from messaging.payloads import (
    MessageDeletedPayload,
    MessagePayload,
    MessagesReadPayload,
    MessageUpdatedPayload,
    erased,
)
from messaging.requests import EditMessage, MarkRead
from messaging.selectors import telling_how_it_stands
from messaging.signals import message_erased, messages_read
from realtime import erase_events, publish, run_savepoint_batch, unit_of_work


def writable(conversation_id: uuid.UUID, user: User) -> tuple[Conversation, list[Participant]]:
    """The conversation, locked, and both its places, for somebody who takes part in it.

    Raises `NotFound` for others, `Forbidden` for staff, who may look and not write.
    """
    conversation = locked(conversation_id)
    sides = sides_of(conversation)
    if not any(side.user_id == user.pk and side.removed_at is None for side in sides):
        if user.is_staff:
            raise Forbidden("Only those who take part in a conversation write in it.")
        raise NoConversation
    return conversation, sides


def sides_of(conversation: Conversation) -> list[Participant]:
    """Both places with their users, in a steady order."""
    return list(Participant.objects.filter(conversation=conversation).select_related("user").order_by("pk"))


def post_system_message(*, conversation_id: uuid.UUID, text: str) -> Message:
    """A message that no person wrote, to both sides: from an operator, a command or the flow itself."""
    with unit_of_work():
        conversation = locked(conversation_id)
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
    places = list(Participant.objects.filter(conversation=conversation).order_by("pk"))
    for role in (conversation.awaiting_role, "brand_owner"):
        for place in places:
            if place.role == role:
                return place.user_id
    return places[0].user_id


def _own_message(message_id: object, user: User) -> Message:
    """The user's own text, its conversation locked. Raises `NotFound` where the user may not see it, `Forbidden`
    where it is not the user's own words."""
    parsed, found = parse_id(message_id), _conversation_of(message_id)
    if parsed is None or found is None:
        raise NotFound("There is no such message.")
    try:
        writable(found, user)
    except NotFound:
        raise NotFound("There is no such message.") from None
    message = Message.objects.select_related("conversation").get(pk=parsed)
    if message.sender_id != user.pk or not message.is_own_words:
        raise Forbidden("Only one's own messages can be changed.")
    return message


def _conversation_of(message_id: object) -> uuid.UUID | None:
    parsed = parse_id(message_id)
    return Message.objects.filter(pk=parsed).values_list("conversation_id", flat=True).first() if parsed else None


def edit_message(*, user: User, message_id: object, given: EditMessage) -> Message:
    """Put other words into one's own message. Editing it to the words that it has changes nothing."""
    with telling_how_it_stands(user, _conversation_of(message_id)), unit_of_work():
        message = _own_message(message_id, user)
        if message.is_deleted:
            raise NotFound("This message was deleted.")
        if message.conversation.is_closed:
            raise ConversationClosed
        if message.message == given.message:
            return message
        message.message = given.message
        message.edited_at = clock.now()
        message.save(update_fields=["message", "edited_at"])
        payload = MessageUpdatedPayload(conversation_id=message.conversation_id, message=MessagePayload.of(message))
        publish(message.conversation.room, MESSAGE_UPDATED, payload, subject=message.pk)
        tell_lists(message.conversation, "updated")
        return message


def delete_message(*, user: User, message_id: object) -> Message:
    """Take one's own words away, out of the log too; the message keeps its place. Repeated, it changes nothing."""
    with unit_of_work():
        message = _own_message(message_id, user)
        if message.is_deleted:
            return message
        message.message, message.media_url, message.deleted_at = "", None, clock.now()
        message.save(update_fields=["message", "media_url", "deleted_at"])
        message.attachments.all().delete()
        _recount_unread(message.conversation_id)
        erase_events(message.pk, erased)
        message_erased.send(Message, message=message)
        payload = MessageDeletedPayload(
            conversation_id=message.conversation_id, message_id=message.pk, deleted_at=message.deleted_at
        )
        publish(message.conversation.room, MESSAGE_DELETED, payload)
        tell_lists(message.conversation, "deleted")
        return message


def _recount_unread(conversation_id: uuid.UUID) -> None:
    for place in Participant.objects.filter(conversation_id=conversation_id):
        place.unread_count = count_unread(place)
        place.save(update_fields=["unread_count"])


def count_unread(place: Participant) -> int:
    """The number that `Participant.unread_count` has to hold, counted from the messages."""
    unread = Message.objects.filter(conversation_id=place.conversation_id, seq__gt=place.last_read_seq, deleted_at=None)
    return unread.exclude(sender_id=place.user_id).count()


@dataclass(frozen=True)
class Read:
    unread_count: int
    total_unread: int
    up_to_seq: int


@dataclass(frozen=True)
class Reading:
    """What one person has read."""

    user: User
    conversation_id: object
    given: MarkRead


def mark_read_together(readings: Sequence[Reading]) -> list[Read | Exception]:
    """Move many read marks in one transaction; each is answered as `mark_read` would."""
    return run_savepoint_batch(
        lambda one: mark_read(user=one.user, conversation_id=one.conversation_id, given=one.given),
        readings,
        by=lambda one: str(one.conversation_id),
    )


def mark_read(*, user: User, conversation_id: object, given: MarkRead) -> Read:
    """Move one's read mark forward, to a message or a `seq`; beyond the end it reads to the end."""
    parsed = parse_id(conversation_id)
    if parsed is None:
        raise NoConversation
    with unit_of_work():
        conversation, sides = writable(parsed, user)
        place = next(side for side in sides if side.user_id == user.pk)
        last = _last_message_read(conversation, given)
        if last > place.last_read_seq:
            _move_mark(conversation, place, last)
        return Read(place.unread_count, total_unread([user.pk])[user.pk], place.last_read_seq)


def _last_message_read(conversation: Conversation, given: MarkRead) -> int:
    messages = Message.objects.filter(conversation=conversation)
    if isinstance(given.up_to, str):
        message_id = parse_id(given.up_to)
        seq = messages.filter(pk=message_id).values_list("seq", flat=True).first() if message_id else None
        if seq is None:
            raise Invalid(errors={"up_to": ["There is no such message in this conversation."]})
        return seq
    return messages.filter(seq__lte=given.up_to).order_by("-seq").values_list("seq", flat=True).first() or 0


def _move_mark(conversation: Conversation, place: Participant, last: int) -> None:
    now = clock.now()
    place.last_read_seq = last
    place.unread_count = count_unread(place)
    place.save(update_fields=["last_read_seq", "unread_count"])
    Message.objects.filter(conversation=conversation, receiver_id=place.user_id, read_at=None, seq__lte=last).update(
        read_at=now
    )
    payload = MessagesReadPayload(conversation_id=conversation.pk, user_id=place.user_id, up_to_seq=last, read_at=now)
    publish(conversation.room, MESSAGES_READ, payload)
    messages_read.send(Message, conversation_id=conversation.pk, user_id=place.user_id, up_to_seq=last)
    tell_lists(conversation, "read", only=place.user_id)
