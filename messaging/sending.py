"""Sending messages: what arrives together is committed together, and one that is refused is refused alone."""

import hashlib
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import structlog
from django.db import DatabaseError, IntegrityError

from accounts.models import User
from conversations.errors import NoConversation
from conversations.flows import check_text
from conversations.flows.errors import ConversationClosed
from conversations.models import Conversation
from conversations.services import Totals, ask_locked_with_places, ask_to_take_places, take_places
from foundation.database.bulk import insert_instances, new_instance, select_by_pair, send_post_save
from foundation.errors import DomainError, Forbidden, Invalid
from foundation.ids import parse_id
from foundation.json import to_json
from messaging.errors import IdempotencyMismatch
from messaging.models import Message
from messaging.opening import open_direct
from messaging.requests import SendMessage
from messaging.uploads.services import attach, find_attached
from realtime import unit_of_work, user_room

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Sending:
    """What one person wants to send."""

    sender: User
    given: SendMessage


@dataclass(frozen=True)
class Sent:
    """`created` is False where a repeated `client_message_id` found the first message."""

    message: Message
    created: bool


def send_message(*, sender: User, given: SendMessage) -> Sent:
    """Send a text by hand. Raises `NotFound`, `Invalid`, `Forbidden`, `ConversationClosed`, `TextNotAccepted`,
    and `IdempotencyMismatch` where the `client_message_id` was used for something else."""
    return _send_one(Sending(sender, given))


def send_messages(sendings: Sequence[Sending]) -> list[Sent | Exception]:
    """Send many in one transaction, in their order; each is answered as `send_message` would, a refusal or fault
    of one concerning that one alone."""
    results: dict[int, Sent | Exception] = {}
    together = [(number, one) for number, one in enumerate(sendings) if one.given.conversation_id is not None]
    try:
        with unit_of_work():
            results.update(zip((number for number, _ in together), _send([one for _, one in together]), strict=True))
    except DatabaseError:
        # One of them collided with another transaction: which one shows when each is tried alone.
        results.clear()
    for number, one in enumerate(sendings):
        if number not in results:
            results[number] = _outcome(one)
    return [results[number] for number in range(len(sendings))]


def _outcome(sending: Sending) -> Sent | Exception:
    try:
        return _send_one(sending)
    except Exception as fault:
        return fault


def _send_one(sending: Sending) -> Sent:
    if sending.given.conversation_id is not None:
        return _send_alone(sending)
    with unit_of_work():
        opened = open_direct(opener=sending.sender, other_id=sending.given.receiver_id)
        given = sending.given.model_copy(update={"conversation_id": str(opened.conversation.pk)})
        return _send_alone(Sending(sending.sender, given))


def _send_alone(sending: Sending) -> Sent:
    try:
        with unit_of_work():
            result = _send([sending])[0]
    except IntegrityError:
        # The same client_message_id, at the same time, into another conversation.
        raise IdempotencyMismatch from None
    if isinstance(result, Exception):
        raise result
    return result


@dataclass(frozen=True)
class _Known:
    """What is read, and locked, once for all."""

    conversations: dict[uuid.UUID, Conversation]
    first: dict[tuple[uuid.UUID, str | None], Message]
    totals: Totals | None


def _send(sendings: Sequence[Sending]) -> list[Sent | DomainError]:
    known = _known(sendings)
    results: list[Sent | DomainError] = []
    for sending in sendings:
        try:
            results.append(_checked(sending, known))
        except DomainError as error:
            results.append(error)
    _store([result.message for result in results if isinstance(result, Sent) and result.created], known.totals)
    return results


def _known(sendings: Sequence[Sending]) -> _Known:
    senders = {(parsed, one.sender.id) for one in sendings if (parsed := parse_id(one.given.conversation_id))}
    read = ask_locked_with_places({conversation_id for conversation_id, _ in senders})
    # Asked behind the locks: who sends the same at the same time has committed by then.
    named = [(one.sender.id, one.given.client_message_id) for one in sendings if one.given.client_message_id]
    keys = _ask_sent_before(named)
    # Uploads are locked before rooms, as everywhere.
    totals = None if any(one.given.attachments for one in sendings) else ask_to_take_places(senders)
    return _Known(read(), _sent_before(keys), totals)


def _ask_sent_before(named: Sequence[tuple[uuid.UUID, str]]) -> Iterable[tuple[uuid.UUID]]:
    if not named:
        return ()
    return select_by_pair(Message, ("id",), by=("sender_id", "client_message_id"), among=set(named))


def _sent_before(keys: Iterable[tuple[uuid.UUID]]) -> dict[tuple[uuid.UUID, str | None], Message]:
    """The messages that were sent already, by their senders and the ids that these gave them."""
    ids = [key for (key,) in keys]
    if not ids:
        return {}
    found = list(Message.objects.filter(pk__in=ids).select_related("conversation"))
    find_attached(found)
    return {(one.sender_id, one.client_message_id): one for one in found}


def _checked(sending: Sending, known: _Known) -> Sent:
    sender, given = sending.sender, sending.given
    parsed = parse_id(given.conversation_id)
    conversation = known.conversations.get(parsed) if parsed else None
    if conversation is None:
        raise NoConversation
    other = _other_side(sender, conversation)
    if given.receiver_id is not None and parse_id(given.receiver_id) != other:
        raise Invalid(errors={"receiver_id": ["The receiver is the other side of the conversation."]})
    fingerprint = _fingerprint(conversation.id, given) if given.client_message_id else ""
    first = known.first.get((sender.id, given.client_message_id)) if given.client_message_id else None
    if first is not None:
        if first.fingerprint != fingerprint:
            raise IdempotencyMismatch
        return Sent(first, created=False)
    check_takes_text(conversation)
    message = new_instance(
        Message,
        conversation=conversation,
        sender=sender,
        receiver_id=other,
        message=given.message,
        media_url=given.media_url,
        client_message_id=given.client_message_id,
        fingerprint=fingerprint,
    )
    message.attached = attach(owner=sender, upload_ids=given.attachments, message_id=message.id)
    if given.client_message_id:
        known.first[sender.id, given.client_message_id] = message
    return Sent(message, created=True)


def _other_side(sender: User, conversation: Conversation) -> uuid.UUID:
    places = conversation.places
    if not any(place.user_id == sender.id and place.removed_at is None for place in places):
        if sender.is_staff:
            raise Forbidden("Only those who take part in a conversation write in it.")
        raise NoConversation
    return next(place.user_id for place in places if place.user_id != sender.id)


def _fingerprint(conversation_id: uuid.UUID, given: SendMessage) -> str:
    said = [str(conversation_id), given.message, given.media_url]
    body = to_json([*said, given.attachments] if given.attachments else said)
    return hashlib.sha256(body.encode()).hexdigest()


def check_takes_text(conversation: Conversation) -> None:
    """Raises `ConversationClosed` or `TextNotAccepted`."""
    if conversation.is_closed:
        raise ConversationClosed
    check_text(conversation.flow, conversation.flow_state, paused=conversation.paused)


def _store(messages: list[Message], totals: Totals | None) -> None:
    """Insert the messages together, and tell of each as if it had been saved by itself."""
    senders = [(one.conversation, one.sender_id) for one in messages]
    told = {user_room(one.receiver_id) for one in messages}
    places = take_places(senders=senders, lock_with=told, totals=totals)
    for message, seq in zip(messages, places, strict=True):
        message.seq = seq
    insert_instances(messages)
    send_post_save(messages)
