"""The REST doors to messages and conversations."""

from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from accounts.authentication import UserRequest
from accounts.models import User
from conversations.selectors import visible_conversation
from conversations.services import record_view
from foundation.openapi import FLAG, LENGTH, NUMBER, PAGING, Problem, describe, parameter
from foundation.paging import flag, limit_of, whole_number, words
from foundation.refusals import Invalid, Refusal
from foundation.rest import answer
from messaging import selectors, services
from messaging.acting import act, answer_to, operate
from messaging.answers import (
    ActedAnswer,
    Conflict,
    ConversationAnswer,
    ConversationPage,
    EventsAnswer,
    MessageAnswer,
    MessagePage,
    ReadAnswer,
    SentAnswer,
)
from messaging.inputs import (
    Act,
    ClickButton,
    EditMessage,
    MarkRead,
    MessageInConversation,
    OpenConversation,
    Operate,
    SendMessage,
)
from messaging.limits import OPENINGS, SENDS, limited
from messaging.models import Message
from messaging.moving import Acted
from messaging.opening import open_by
from messaging.payloads import MessagePayload
from messaging.sending import send_message
from realtime.rest import events_page


def shown(message: Message) -> MessagePayload:
    return MessagePayload.of(message, state_version=message.conversation.state_version)


def sent(sender: User, given: SendMessage) -> Response:
    with selectors.telling_how_it_stands(sender, given.conversation_id):
        result = send_message(sender=sender, given=given)
    message = result.message
    return answer(201 if result.created else 200, message=shown(message), conversation_id=message.conversation_id)


def acted(user: User, conversation_id: str, given: Act) -> Response:
    limited(SENDS, user)
    return answered(act(user=user, conversation_id=conversation_id, given=given), user)


def operated(request: UserRequest, conversation_id: str, what: str) -> Response:
    given = Operate.parse(request.data)
    try:
        done = operate(operator=request.user, conversation_id=conversation_id, action=what, given=given)
    except Refusal as refusal:
        if "conversation" in refusal.extra:  # a refusal that shows it is a look into it
            conversation = visible_conversation(user=request.user, conversation_id=conversation_id)
            record_view(conversation=conversation, viewer=request.user, through="rest")
        raise
    return answered(done, request.user)


def answered(done: Acted, user: User) -> Response:
    shown = answer_to(done, user)
    return answer(**{name: getattr(shown, name) for name in shown.model_fields_set})


class MessageViewSet(ViewSet):
    """Messages by their own id, and sending."""

    @describe(
        "Send a message",
        request=SendMessage,
        answers={201: SentAnswer, 200: SentAnswer},
        refusals={409: Conflict, 422: Problem},
    )
    def create(self, request: UserRequest) -> Response:
        limited(SENDS, request.user)
        return sent(request.user, SendMessage.parse(request.data))

    @describe("Read a message", answers={200: MessageAnswer})
    def retrieve(self, request: UserRequest, pk: str) -> Response:
        message = selectors.message_for(user=request.user, message_id=pk)
        record_view(conversation=message.conversation, viewer=request.user, through="rest", subject=message.pk)
        return answer(message=shown(message))

    @describe("Edit one's own message", request=EditMessage, answers={200: MessageAnswer}, refusals={409: Conflict})
    def partial_update(self, request: UserRequest, pk: str) -> Response:
        limited(SENDS, request.user)
        given = EditMessage.parse(request.data)
        conversation_id = selectors.message_for(user=request.user, message_id=pk).conversation_id
        with selectors.telling_how_it_stands(request.user, conversation_id):
            message = services.edit_message(user=request.user, message_id=pk, given=given)
        return answer(message=shown(message))

    @describe("Delete one's own message", answers={200: MessageAnswer})
    def destroy(self, request: UserRequest, pk: str) -> Response:
        return answer(message=shown(services.delete_message(user=request.user, message_id=pk)))


class ConversationViewSet(ViewSet):
    """Conversations, and what is in them."""

    @describe(
        "The conversations of the one who asks, newest activity first",
        answers={200: ConversationPage},
        parameters=[
            parameter("type", "direct, bid or campaign"),
            parameter("awaiting", "`me`: where it is one's own turn", kind={"type": "string", "enum": ["me"]}),
            parameter("unread", "`true`: with unread messages; `false`: without", kind=FLAG),
            parameter("search", "in the title and the other side's name"),
            *PAGING,
        ],
    )
    def list(self, request: UserRequest) -> Response:
        params = request.query_params
        if params.get("awaiting") not in {None, "me"}:
            raise Invalid(errors={"awaiting": ["Only `me` can be asked for."]})
        only = selectors.ListFilter(
            conversation_type=words(params, "type"),
            awaiting_me="awaiting" in params,
            unread=flag(params, "unread"),
            search=words(params, "search"),
        )
        conversations, page = selectors.conversation_list(
            user=request.user, only=only, cursor=params.get("cursor"), limit=limit_of(params)
        )
        return answer(results=conversations, next=page.next, previous=page.previous)

    @describe(
        "Open a conversation, or find the one there is",
        request=OpenConversation,
        answers={201: ConversationAnswer, 200: ConversationAnswer},
    )
    def create(self, request: UserRequest) -> Response:
        limited(OPENINGS, request.user)
        opened = open_by(opener=request.user, given=OpenConversation.parse(request.data))
        conversation = selectors.conversation_for(user=request.user, conversation_id=opened.conversation.pk)
        return answer(201 if opened.created else 200, conversation=conversation)

    @describe("Read a conversation", answers={200: ConversationAnswer})
    def retrieve(self, request: UserRequest, pk: str) -> Response:
        conversation = visible_conversation(user=request.user, conversation_id=pk)
        record_view(conversation=conversation, viewer=request.user, through="rest")
        return answer(conversation=selectors.render_conversations([conversation], request.user)[0])

    @describe(
        "Messages by `seq`, oldest first inside a page; the newest page if nothing else is asked for",
        answers={200: MessagePage},
        parameters=[
            parameter("before", "older than this `seq`", kind=NUMBER),
            parameter("after", "newer than this `seq`", kind=NUMBER),
            parameter("around", "on both sides of this `seq`", kind=NUMBER),
            *PAGING,
        ],
    )
    @action(detail=True, methods=["get"])
    def messages(self, request: UserRequest, pk: str) -> Response:
        params = request.query_params
        conversation = visible_conversation(user=request.user, conversation_id=pk)
        record_view(conversation=conversation, viewer=request.user, through="rest")
        window = selectors.Window(**{name: whole_number(params, name) for name in ("before", "after", "around")})
        page = selectors.history(
            conversation=conversation, window=window, cursor=params.get("cursor"), limit=limit_of(params)
        )
        version = conversation.state_version
        return answer(**page.mapped(lambda rows: [MessagePayload.of(row, state_version=version) for row in rows]))

    @describe(
        "Send a message to this conversation",
        request=MessageInConversation,
        answers={201: SentAnswer, 200: SentAnswer},
        refusals={409: Conflict, 422: Problem},
    )
    @messages.mapping.post  # type: ignore[untyped-decorator]
    def send(self, request: UserRequest, pk: str) -> Response:
        limited(SENDS, request.user)
        given = MessageInConversation.parse(request.data)
        return sent(request.user, SendMessage(conversation_id=pk, **given.model_dump()))

    @describe(
        "Take an action of the flow",
        request=Act,
        answers={200: ActedAnswer},
        refusals={409: Conflict, 503: Problem},
    )
    @action(detail=True, methods=["post"])
    def actions(self, request: UserRequest, pk: str) -> Response:
        return acted(request.user, pk, Act.parse(request.data))

    @describe(
        "Click a button of the prompt",
        request=ClickButton,
        answers={200: ActedAnswer},
        refusals={409: Conflict, 503: Problem},
    )
    @action(detail=True, methods=["post"], url_path="button-click")
    def button_click(self, request: UserRequest, pk: str) -> Response:
        return acted(request.user, pk, ClickButton.parse(request.data).as_action())

    @describe(
        "Pause the automation, as an operator", request=Operate, answers={200: ActedAnswer}, refusals={409: Conflict}
    )
    @action(detail=True, methods=["post"])
    def pause(self, request: UserRequest, pk: str) -> Response:
        return operated(request, pk, "pause")

    @describe(
        "Let the automation go on, as an operator",
        request=Operate,
        answers={200: ActedAnswer},
        refusals={409: Conflict},
    )
    @action(detail=True, methods=["post"])
    def resume(self, request: UserRequest, pk: str) -> Response:
        return operated(request, pk, "resume")

    @describe(
        "Close a conversation, as an operator", request=Operate, answers={200: ActedAnswer}, refusals={409: Conflict}
    )
    @action(detail=True, methods=["post"])
    def close(self, request: UserRequest, pk: str) -> Response:
        return operated(request, pk, "close")

    @describe("Move one's read mark forward", request=MarkRead, answers={200: ReadAnswer})
    @action(detail=True, methods=["post"])
    def read(self, request: UserRequest, pk: str) -> Response:
        result = services.mark_read(user=request.user, conversation_id=pk, given=MarkRead.parse(request.data))
        return answer(**ReadAnswer.model_validate(result).model_dump())

    @describe(
        "The conversation's log: every numbered event, as it was sent",
        answers={200: EventsAnswer},
        parameters=[
            parameter("after", "later than this `seq`", kind=NUMBER),
            LENGTH,
        ],
    )
    @action(detail=True, methods=["get"])
    def events(self, request: UserRequest, pk: str) -> Response:
        conversation = visible_conversation(user=request.user, conversation_id=pk)
        record_view(conversation=conversation, viewer=request.user, through="rest")
        return answer(**events_page(conversation.room, request.query_params))
