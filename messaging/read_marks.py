"""Read marks: how far each participant has read, and the unread counts that depend on them."""

from collections.abc import Sequence
from dataclasses import dataclass

from accounts.models import User
from conversations.locking import lock_as_participant
from conversations.models import Conversation, Participant
from conversations.selectors import total_unread
from foundation import clock
from foundation.errors import Invalid
from foundation.ids import parse_id
from messaging.events import MESSAGES_READ
from messaging.list_updates import publish_list_updates
from messaging.models import Message
from messaging.payloads import MessagesReadPayload
from messaging.requests import MarkReadRequest
from messaging.signals import messages_read
from messaging.unread_counts import count_unread
from realtime import publish, run_savepoint_batch, unit_of_work


@dataclass(frozen=True)
class ReadMarkResult:
    unread_count: int
    total_unread: int
    up_to_seq: int


@dataclass(frozen=True)
class ReadMarkUpdate:
    """A request to move the read mark of one user."""

    user: User
    conversation_id: object
    data: MarkReadRequest


def mark_read_many(updates: Sequence[ReadMarkUpdate]) -> list[ReadMarkResult | Exception]:
    """Move many read marks in one transaction. Returns the result or error of `mark_read` for each update."""
    return run_savepoint_batch(
        lambda one: mark_read(user=one.user, conversation_id=one.conversation_id, data=one.data),
        updates,
        by=lambda one: str(one.conversation_id),
    )


def mark_read(*, user: User, conversation_id: object, data: MarkReadRequest) -> ReadMarkResult:
    """Move the user's read mark forward, to a message or a `seq`. A `seq` beyond the end means the last message.

    Raises `NotFound` if the user is not a participant, `Forbidden` for staff, and `Invalid` for a message of another
    conversation.
    """
    with unit_of_work():
        conversation, participants = lock_as_participant(conversation_id, user)
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
