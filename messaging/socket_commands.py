"""The socket commands of messages and conversations: each parses, calls one service and renders."""

import uuid
from collections.abc import Sequence
from functools import partial
from operator import attrgetter

from accounts.models import User
from accounts.responses import EmptyResponse
from conversations.errors import ConversationNotFound
from conversations.events import USER_TYPING
from conversations.models import Conversation, room_of
from conversations.payloads import TypingPayload
from conversations.view_records import record_view
from conversations.visibility import visible_conversation
from foundation.database.batching import Batcher, apply_to_valid, write_batcher
from foundation.database.executor import in_database
from foundation.errors import Forbidden, NotFound
from foundation.ids import parse_id
from foundation.json import from_json
from messaging.conflicts import describe_conflicts
from messaging.conversation_selectors import current_conversations, render_for
from messaging.payloads import ConversationPayload, MessagePayload
from messaging.rate_limits import SENDS, check_user_limits
from messaging.read_marks import ReadMarkUpdate, mark_read_many
from messaging.requests import (
    ConversationMarkReadRequest,
    ConversationRequest,
    JoinConversationRequest,
    JoinUserRoomRequest,
    SendMessageRequest,
    UserRoomRequest,
)
from messaging.responses import JoinConversationResponse, JoinRoomResponse, MarkReadResponse, SendMessageResponse
from messaging.sending import OutgoingMessage, SentMessage, send_messages
from realtime import Caller, Command, LoggedEvent, gateway, publish_ephemeral, registry

CONVERSATION = "01980000-0000-7000-8000-00000000000c"
PERSON = "01980000-0000-7000-8000-000000000001"
TYPING_SECONDS = 6.0


async def join_conversation(caller: Caller, data: JoinConversationRequest) -> JoinConversationResponse:
    conversation_id = parse_id(data.conversation_id)
    try:
        if conversation_id is None:
            raise ConversationNotFound
        joined = await gateway.join(caller, room_of(conversation_id), data.after)
    except NotFound:
        raise ConversationNotFound from None
    shown, online = await _join_batcher.submit((conversation_id, caller.user))
    return JoinConversationResponse.model_construct(
        seq=joined.seq, reset=joined.reset, conversation=shown, online=online
    )


JoinedState = tuple[ConversationPayload, list[uuid.UUID]]


def _load_joined(wanted: list[tuple[uuid.UUID, User]]) -> list[JoinedState | NotFound]:
    """Return each joined conversation as its user sees it, with the ids of its online participants."""
    conversations = current_conversations(conversation_id for conversation_id, _ in wanted)
    return apply_to_valid(
        _joined_states,
        [(conversations[one], user) if one in conversations else NotFound() for one, user in wanted],
    )


def _joined_states(pairs: Sequence[tuple[Conversation, User]]) -> list[JoinedState]:
    for conversation, user in pairs:
        record_view(conversation=conversation, viewer=user, through="socket")
    return [_joined_state(shown, user) for shown, (_, user) in zip(render_for(pairs), pairs, strict=True)]


def _joined_state(shown: ConversationPayload, user: User) -> JoinedState:
    online = [shown.other_user.id] if shown.other_user and shown.other_user.online else []
    return shown, online if shown.my_role == "operator" else [user.pk, *online]


_join_batcher = Batcher(_load_joined)


async def leave_conversation(caller: Caller, data: ConversationRequest) -> EmptyResponse:
    conversation = await in_database(visible_conversation, user=caller.user, conversation_id=data.conversation_id)
    await gateway.leave(caller, conversation.room)
    return EmptyResponse()


async def join_user_room(caller: Caller, data: JoinUserRoomRequest) -> JoinRoomResponse:
    _check_own_room(caller, data.user_id)
    joined = await gateway.join_user_room(caller, data.after)
    return JoinRoomResponse(seq=joined.seq, reset=joined.reset)


async def leave_user_room(caller: Caller, data: UserRoomRequest) -> EmptyResponse:
    _check_own_room(caller, data.user_id)
    await gateway.leave_user_room(caller)
    return EmptyResponse()


def _check_own_room(caller: Caller, user_id: str) -> None:
    """Raise `NotFound` for a malformed id, and `Forbidden` for any other user id, so that ids of users cannot be
    guessed."""
    parsed = parse_id(user_id)
    if parsed is None:
        raise NotFound("There is no such person.")
    if parsed != caller.user_id:
        raise Forbidden("You cannot join the room of another user.")


async def send_message(caller: Caller, data: SendMessageRequest) -> SendMessageResponse:
    message = (await _send_batcher.submit(OutgoingMessage(caller.user, data))).message
    shown = MessagePayload.of(message, state_version=message.conversation.state_version)
    return SendMessageResponse.model_construct(message=shown, conversation_id=message.conversation_id)


def _send_within_limits(outgoing_messages: list[OutgoingMessage]) -> list[SentMessage | Exception]:
    results = apply_to_valid(send_messages, check_user_limits(SENDS, outgoing_messages, attrgetter("sender")))
    describe_conflicts(results, [(one.sender, one.data.conversation_id) for one in outgoing_messages])
    return results


_send_batcher = write_batcher(_send_within_limits, key=lambda one: one.data.conversation_id)


async def mark_read(caller: Caller, data: ConversationMarkReadRequest) -> MarkReadResponse:
    return MarkReadResponse.model_validate(
        await _read_mark_batcher.submit(ReadMarkUpdate(caller.user, data.conversation_id, data))
    )


_read_mark_batcher = write_batcher(mark_read_many, key=lambda update: update.conversation_id)


async def typing_start(caller: Caller, data: ConversationRequest) -> EmptyResponse:
    conversation_id = _joined_conversation_id(caller, data)
    publish_typing = partial(_publish_typing, conversation_id, caller.user_id)

    def has_arrived(event: LoggedEvent) -> bool:
        sent = event.event == "new_message" and from_json(event.data)["message"]["sender_id"]
        return sent == str(caller.user_id)

    end = partial(publish_typing, is_typing=False)
    if gateway.begin_state(caller, room_of(conversation_id), seconds=TYPING_SECONDS, ended_by=has_arrived, end=end):
        publish_typing(is_typing=True)
    return EmptyResponse()


async def typing_stop(caller: Caller, data: ConversationRequest) -> EmptyResponse:
    gateway.end_state(caller, room_of(_joined_conversation_id(caller, data)))
    return EmptyResponse()


def _joined_conversation_id(caller: Caller, data: ConversationRequest) -> uuid.UUID:
    """Return the id of a conversation that the socket has joined. This needs no query, because users who lose access
    to a conversation are removed from its room."""
    conversation_id = parse_id(data.conversation_id)
    if conversation_id is None or not gateway.is_in(caller, room_of(conversation_id)):
        raise NotFound("This conversation has not been joined.")
    return conversation_id


def _publish_typing(conversation_id: uuid.UUID, user_id: uuid.UUID, *, is_typing: bool) -> None:
    payload = TypingPayload(conversationId=conversation_id, userId=user_id, isTyping=is_typing)
    publish_ephemeral(room_of(conversation_id), USER_TYPING, payload, skip_user=user_id)


REFERENCE = {"conversationId": CONVERSATION}

for command in (
    Command(
        name="join_conversation",
        request=JoinConversationRequest,
        response=JoinConversationResponse,
        handler=join_conversation,
        summary="Joins the room of a conversation. With `after`, all events after that `seq` are sent first.",
        example={"conversationId": CONVERSATION, "after": 17},
        bare="conversation_id",
    ),
    Command(
        name="leave_conversation",
        request=ConversationRequest,
        response=EmptyResponse,
        handler=leave_conversation,
        summary="Leaves the room of a conversation.",
        example=REFERENCE,
        bare="conversation_id",
    ),
    Command(
        name="join_user_room",
        aliases=("join",),
        request=JoinUserRoomRequest,
        response=JoinRoomResponse,
        handler=join_user_room,
        summary="Joins the room of the user again, after `leave_user_room`; each socket is in it from the start. With "
        "`after`, missed events are sent again.",
        example={"userId": PERSON, "after": 3},
        bare="user_id",
    ),
    Command(
        name="leave_user_room",
        request=UserRoomRequest,
        response=EmptyResponse,
        handler=leave_user_room,
        summary="Leaves the room of the user: this socket receives no notifications and no list updates until "
        "`join_user_room`, also after a recovered connection.",
        example={"userId": PERSON},
        bare="user_id",
    ),
    Command(
        name="send_message",
        request=SendMessageRequest,
        response=SendMessageResponse,
        handler=send_message,
        summary="Sends a message, like `POST /api/messages`.",
        example={"conversation_id": CONVERSATION, "message": "Hello!", "client_message_id": "b1c2"},
    ),
    Command(
        name="mark_read",
        aliases=("mark_seen",),
        request=ConversationMarkReadRequest,
        response=MarkReadResponse,
        handler=mark_read,
        summary="Moves the user's read mark forward, to a message id or a `seq`.",
        example={"conversation_id": CONVERSATION, "up_to": 17},
    ),
    Command(
        name="typing_start",
        request=ConversationRequest,
        response=EmptyResponse,
        handler=typing_start,
        summary="Sends `user_typing` to the other sockets in the conversation. Typing ends after 6 seconds, or when "
        "the user sends a message, leaves or disconnects.",
        example=REFERENCE,
        bare="conversation_id",
    ),
    Command(
        name="typing_stop",
        request=ConversationRequest,
        response=EmptyResponse,
        handler=typing_stop,
        summary="Ends the typing that `typing_start` began.",
        example=REFERENCE,
        bare="conversation_id",
    ),
):
    registry.command(command)
