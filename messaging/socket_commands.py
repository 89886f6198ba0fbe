"""The socket doors to messages and conversations: parse, call one service, answer."""

import uuid
from functools import partial

from accounts.models import User
from conversations.errors import NoConversation
from conversations.events import USER_TYPING
from conversations.flows import Role
from conversations.models import Conversation, room_of
from conversations.payloads import TypingPayload
from conversations.selectors import visible_conversation
from conversations.services import record_view
from foundation.database.batching import Batcher, write_batcher
from foundation.database.bulk import fetch_many
from foundation.database.executor import in_database
from foundation.errors import DomainError, Forbidden, NotFound
from foundation.ids import parse_id
from foundation.json import from_json
from messaging import selectors
from messaging.payloads import ConversationPayload, MessagePayload
from messaging.rate_limits import SENDS, over_limit
from messaging.requests import ConversationRef, JoinConversation, JoinUserRoom, MarkReadIn, SendMessage, UserRef
from messaging.responses import (
    Done,
    JoinedAnswer,
    JoinedConversationAnswer,
    ReadAnswer,
    SentAnswer,
)
from messaging.sending import Sending, Sent, send_messages
from messaging.services import Reading, mark_read_together
from realtime import Caller, Command, LoggedEvent, gateway, publish_ephemeral, registry

CONVERSATION = "01980000-0000-7000-8000-00000000000c"
PERSON = "01980000-0000-7000-8000-000000000001"
TYPING_SECONDS = 6.0


async def join_conversation(caller: Caller, given: JoinConversation) -> JoinedConversationAnswer:
    conversation_id = parse_id(given.conversation_id)
    try:
        if conversation_id is None:
            raise NoConversation
        joined = await gateway.join(caller, room_of(conversation_id), given.after)
    except NotFound:
        raise NoConversation from None
    shown, online = await _reading.submit((conversation_id, caller.user))
    return JoinedConversationAnswer.model_construct(
        seq=joined.seq, reset=joined.reset, conversation=shown, online=online
    )


Looked = tuple[ConversationPayload, list[uuid.UUID]]


def _as_they_stand(wanted: list[tuple[uuid.UUID, User]]) -> list[Looked | NotFound]:
    """Conversations that were joined, each as its user sees it, with who of it is online."""
    found = fetch_many(Conversation, by="id", among={conversation_id for conversation_id, _ in wanted}, order_by="id")
    conversations = {conversation.id: conversation for conversation in found}
    pairs = [(conversations[one], user) for one, user in wanted if one in conversations]
    for conversation, user in pairs:
        record_view(conversation=conversation, viewer=user, through="socket")
    shown = iter(selectors.render_for(pairs))
    return [_looked(next(shown), user) if one in conversations else NotFound() for one, user in wanted]


def _looked(shown: ConversationPayload, user: User) -> Looked:
    online = [shown.other_user.id] if shown.other_user and shown.other_user.online else []
    return shown, online if shown.my_role == Role.OPERATOR else [user.pk, *online]


_reading = Batcher(_as_they_stand)


async def leave_conversation(caller: Caller, given: ConversationRef) -> Done:
    conversation = await in_database(visible_conversation, user=caller.user, conversation_id=given.conversation_id)
    await gateway.leave(caller, conversation.room)
    return Done()


async def join_user_room(caller: Caller, given: JoinUserRoom) -> JoinedAnswer:
    _check_oneself(caller, given.user_id)
    joined = await gateway.join_user_room(caller, given.after)
    return JoinedAnswer(seq=joined.seq, reset=joined.reset)


async def leave_user_room(caller: Caller, given: UserRef) -> Done:
    """A socket stays in its user's room as long as it lives, so that notifications cannot be lost by leaving."""
    _check_oneself(caller, given.user_id)
    return Done()


def _check_oneself(caller: Caller, user_id: str) -> None:
    """Whether there is such another user is nobody's business; what is no id is nobody's."""
    parsed = parse_id(user_id)
    if parsed is None:
        raise NotFound("There is no such person.")
    if parsed != caller.user_id:
        raise Forbidden("The room of another user cannot be entered.")


async def send_message(caller: Caller, given: SendMessage) -> SentAnswer:
    message = (await _sending.submit(Sending(caller.user, given))).message
    shown = MessagePayload.of(message, state_version=message.conversation.state_version)
    return SentAnswer.model_construct(message=shown, conversation_id=message.conversation_id)


def _send_within_limits(sendings: list[Sending]) -> list[Sent | Exception]:
    refused = over_limit(SENDS, [sending.sender for sending in sendings])
    allowed = [one for one, error in zip(sendings, refused, strict=True) if error is None]
    sent = iter(send_messages(allowed))
    results = [error or next(sent) for error in refused]
    for sending, result in zip(sendings, results, strict=True):
        if isinstance(result, DomainError):
            selectors.tell_how_it_stands(result, sending.sender, sending.given.conversation_id)
    return results


_sending = write_batcher(_send_within_limits, key=lambda sending: sending.given.conversation_id)


async def mark_read(caller: Caller, given: MarkReadIn) -> ReadAnswer:
    return ReadAnswer.model_validate(await _marking.submit(Reading(caller.user, given.conversation_id, given)))


_marking = write_batcher(mark_read_together, key=lambda reading: reading.conversation_id)


async def typing_start(caller: Caller, given: ConversationRef) -> Done:
    conversation_id = _joined(caller, given)
    tell = partial(_tell_typing, conversation_id, caller.user_id)

    def has_arrived(event: LoggedEvent) -> bool:
        sent = event.event == "new_message" and from_json(event.data)["message"]["sender_id"]
        return sent == str(caller.user_id)

    end = partial(tell, is_typing=False)
    if gateway.begin_state(caller, room_of(conversation_id), seconds=TYPING_SECONDS, ended_by=has_arrived, end=end):
        tell(is_typing=True)
    return Done()


async def typing_stop(caller: Caller, given: ConversationRef) -> Done:
    gateway.end_state(caller, room_of(_joined(caller, given)))
    return Done()


def _joined(caller: Caller, given: ConversationRef) -> uuid.UUID:
    """Only who has joined a conversation types in it; who may not be in it any more is put out of its room."""
    conversation_id = parse_id(given.conversation_id)
    if conversation_id is None or not gateway.is_in(caller, room_of(conversation_id)):
        raise NotFound("This conversation has not been joined.")
    return conversation_id


def _tell_typing(conversation_id: uuid.UUID, user_id: uuid.UUID, *, is_typing: bool) -> None:
    payload = TypingPayload(conversationId=conversation_id, userId=user_id, isTyping=is_typing)
    publish_ephemeral(room_of(conversation_id), USER_TYPING, payload, skip_user=user_id)


REFERENCE = {"conversationId": CONVERSATION}

for command in (
    Command(
        name="join_conversation",
        request=JoinConversation,
        response=JoinedConversationAnswer,
        handler=join_conversation,
        summary="Puts the socket into the room of a conversation; with `after`, everything since that `seq` is sent "
        "first.",
        example={"conversationId": CONVERSATION, "after": 17},
        bare="conversation_id",
    ),
    Command(
        name="leave_conversation",
        request=ConversationRef,
        response=Done,
        handler=leave_conversation,
        summary="Takes the socket out of the room of a conversation.",
        example=REFERENCE,
        bare="conversation_id",
    ),
    Command(
        name="join_user_room",
        aliases=("join",),
        request=JoinUserRoom,
        response=JoinedAnswer,
        handler=join_user_room,
        summary="Each socket is in its user's room from the start; with `after`, what was missed is sent again.",
        example={"userId": PERSON, "after": 3},
        bare="user_id",
    ),
    Command(
        name="leave_user_room",
        request=UserRef,
        response=Done,
        handler=leave_user_room,
        summary="Answered, and changes nothing: a socket is in its user's room as long as it lives.",
        example={"userId": PERSON},
        bare="user_id",
    ),
    Command(
        name="send_message",
        request=SendMessage,
        response=SentAnswer,
        handler=send_message,
        summary="Sends a message, as `POST /api/messages`.",
        example={"conversation_id": CONVERSATION, "message": "Hello!", "client_message_id": "b1c2"},
    ),
    Command(
        name="mark_read",
        aliases=("mark_seen",),
        request=MarkReadIn,
        response=ReadAnswer,
        handler=mark_read,
        summary="Moves the read mark forward, to a message id or a `seq`.",
        example={"conversation_id": CONVERSATION, "up_to": 17},
    ),
    Command(
        name="typing_start",
        request=ConversationRef,
        response=Done,
        handler=typing_start,
        summary="Tells the others in the conversation; ends by itself after 6 seconds, on sending, leaving and "
        "disconnecting.",
        example=REFERENCE,
        bare="conversation_id",
    ),
    Command(
        name="typing_stop",
        request=ConversationRef,
        response=Done,
        handler=typing_stop,
        summary="Ends what `typing_start` began.",
        example=REFERENCE,
        bare="conversation_id",
    ),
):
    registry.command(command)
