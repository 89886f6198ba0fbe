"""Sends messages. The messages of a batch share a transaction; each message succeeds or fails separately."""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import DatabaseError, IntegrityError

from accounts.models import User
from conversations.errors import ConversationNotFound
from conversations.flows import check_text
from conversations.flows.errors import ConversationClosed
from conversations.locking import queue_lock_with_participants
from conversations.message_seqs import UnreadTotals, lock_rooms_and_total, queue_unread_totals
from conversations.models import Conversation
from foundation.database.bulk import new_instance, select_by_pair
from foundation.errors import DomainError, Forbidden, Invalid
from foundation.ids import parse_id
from foundation.json import to_json
from messaging.errors import IdempotencyMismatch
from messaging.message_store import store_messages
from messaging.models import Message
from messaging.opening import open_direct
from messaging.requests import SendMessageRequest
from messaging.uploads.services import attach_uploads, load_attachments
from realtime import unit_of_work, user_room


@dataclass(frozen=True)
class OutgoingMessage:
    """A message that a user wants to send."""

    sender: User
    data: SendMessageRequest


@dataclass(frozen=True)
class SentMessage:
    """A sent message. `created` is False if an earlier message with the same `client_message_id` was found."""

    message: Message
    created: bool


def send_message(*, sender: User, data: SendMessageRequest) -> SentMessage:
    """Send a message that a user wrote. Raises `NotFound`, `Invalid`, `Forbidden`, `ConversationClosed`,
    `TextNotAccepted`, and `IdempotencyMismatch` if the `client_message_id` was used for another message."""
    return _send_one(OutgoingMessage(sender, data))


def send_messages(outgoing_messages: Sequence[OutgoingMessage]) -> list[SentMessage | Exception]:
    """Send many messages in one transaction, in their order. Returns the result or error of `send_message` for each
    message; an error does not affect the other messages."""
    results: dict[int, SentMessage | Exception] = {}
    together = [(number, one) for number, one in enumerate(outgoing_messages) if one.data.conversation_id is not None]
    try:
        with unit_of_work():
            results.update(zip((number for number, _ in together), _send([one for _, one in together]), strict=True))
    except DatabaseError:
        # A message collided with another transaction. Send each message alone, so that only this message can fail.
        results.clear()
    for number, one in enumerate(outgoing_messages):
        if number not in results:
            results[number] = _send_or_error(one)
    return [results[number] for number in range(len(outgoing_messages))]


def _send_or_error(outgoing: OutgoingMessage) -> SentMessage | Exception:
    try:
        return _send_one(outgoing)
    except Exception as error:
        return error


def _send_one(outgoing: OutgoingMessage) -> SentMessage:
    if outgoing.data.conversation_id is not None:
        return _send_alone(outgoing)
    with unit_of_work():
        opened = open_direct(opener=outgoing.sender, other_id=outgoing.data.receiver_id)
        data = outgoing.data.model_copy(update={"conversation_id": str(opened.conversation.pk)})
        return _send_alone(OutgoingMessage(outgoing.sender, data))


def _send_alone(outgoing: OutgoingMessage) -> SentMessage:
    try:
        with unit_of_work():
            result = _send([outgoing])[0]
    except IntegrityError:
        # The same client_message_id was used in another conversation at the same time.
        raise IdempotencyMismatch from None
    if isinstance(result, Exception):
        raise result
    return result


@dataclass(frozen=True)
class _Loaded:
    """The rows that are locked and read once for all messages of a batch."""

    conversations: dict[uuid.UUID, Conversation]
    first: dict[tuple[uuid.UUID, str | None], Message]
    """Messages that were sent before, by sender and `client_message_id`."""
    totals: UnreadTotals | None


def _send(outgoing_messages: Sequence[OutgoingMessage]) -> list[SentMessage | DomainError]:
    loaded = _load(outgoing_messages)
    results: list[SentMessage | DomainError] = []
    for outgoing in outgoing_messages:
        try:
            results.append(_check(_validate(outgoing, loaded), outgoing.data, loaded))
        except DomainError as error:
            results.append(error)
    new = [result.message for result in results if isinstance(result, SentMessage) and result.created]
    conversations = {message.conversation_id: message.conversation for message in new}.values()
    totals = lock_rooms_and_total(conversations, {user_room(one.receiver_id) for one in new}, loaded.totals)
    store_messages(new, totals)
    return results


def _load(outgoing_messages: Sequence[OutgoingMessage]) -> _Loaded:
    """Lock the conversations and read the messages that were sent before. If nothing else must be locked before the
    rooms, also queue the query of the totals for `lock_rooms_and_total`."""
    senders = {(parsed, one.sender.id) for one in outgoing_messages if (parsed := parse_id(one.data.conversation_id))}
    read = queue_lock_with_participants({conversation_id for conversation_id, _ in senders})
    # Read after locking: a transaction that sends the same message at the same time has committed by then.
    named = {(one.sender.id, one.data.client_message_id) for one in outgoing_messages if one.data.client_message_id}
    keys = select_by_pair(Message, ("id",), by=("sender_id", "client_message_id"), among=named) if named else ()
    # Uploads are locked before rooms everywhere.
    totals = None if any(one.data.attachments for one in outgoing_messages) else queue_unread_totals(senders)
    conversations, ids = read(), [key for (key,) in keys]
    first = list(Message.objects.filter(pk__in=ids).select_related("conversation")) if ids else []
    if first:
        load_attachments(first)
    return _Loaded(conversations, {(one.sender_id, one.client_message_id): one for one in first}, totals)


def _validate(outgoing: OutgoingMessage, loaded: _Loaded) -> Message:
    """Return an unsaved message to the other participant. Raises `NotFound` or `Forbidden` if the sender does not take
    part in the conversation, and `Invalid` for a wrong receiver."""
    sender, data = outgoing.sender, outgoing.data
    parsed = parse_id(data.conversation_id)
    conversation = loaded.conversations.get(parsed) if parsed else None
    if conversation is None:
        raise ConversationNotFound
    rows = conversation.participant_rows
    if not any(row.user_id == sender.id and row.removed_at is None for row in rows):
        if sender.is_staff:
            raise Forbidden("Only participants can write in a conversation.")
        raise ConversationNotFound
    receiver_id = next(row.user_id for row in rows if row.user_id != sender.id)
    if data.receiver_id is not None and parse_id(data.receiver_id) != receiver_id:
        raise Invalid(errors={"receiver_id": ["The receiver must be the other participant of the conversation."]})
    return new_instance(
        Message,
        conversation=conversation,
        sender=sender,
        receiver_id=receiver_id,
        message=data.message,
        media_url=data.media_url,
        client_message_id=data.client_message_id,
        fingerprint=_fingerprint(conversation.id, data) if data.client_message_id else "",
    )


def _check(message: Message, data: SendMessageRequest, loaded: _Loaded) -> SentMessage:
    """Return the message with its attachments, or the earlier message with the same `client_message_id`. Raises the
    errors of `send_message` if the message cannot be sent now."""
    key = (message.sender_id, message.client_message_id)
    if message.client_message_id and key in loaded.first:
        first = loaded.first[key]
        if first.fingerprint != message.fingerprint:
            raise IdempotencyMismatch
        return SentMessage(first, created=False)
    check_accepts_text(message.conversation)
    message.loaded_attachments = ()
    if data.attachments:
        message.loaded_attachments = attach_uploads(
            owner=message.sender, upload_ids=data.attachments, message_id=message.id
        )
    if message.client_message_id:
        loaded.first[key] = message
    return SentMessage(message, created=True)


def _fingerprint(conversation_id: uuid.UUID, data: SendMessageRequest) -> str:
    content = [str(conversation_id), data.message, data.media_url]
    body = to_json([*content, data.attachments] if data.attachments else content)
    return hashlib.sha256(body.encode()).hexdigest()


def check_accepts_text(conversation: Conversation) -> None:
    """Check that participants can send texts now. Raises `ConversationClosed` or `TextNotAccepted`."""
    if conversation.is_closed:
        raise ConversationClosed
    check_text(conversation.flow, conversation.flow_state, paused=conversation.paused)
