"""The REST endpoints of conversations."""

from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from accounts.authentication import UserRequest
from conversations.selectors import visible_conversation
from conversations.services import record_view
from foundation.errors import Invalid
from foundation.openapi import FLAG, LENGTH, NUMBER, PAGING, Problem, describe, parameter
from foundation.pagination import flag, limit_of, whole_number, words
from foundation.rest import answer
from messaging import selectors, services
from messaging.api import sent
from messaging.payloads import MessagePayload
from messaging.rate_limits import SENDS, limited
from messaging.requests import MarkRead, MessageInConversation, SendMessage
from messaging.responses import (
    Conflict,
    ConversationAnswer,
    ConversationPage,
    EventsAnswer,
    MessagePage,
    ReadAnswer,
    SentAnswer,
)
from realtime.rest import events_page


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
