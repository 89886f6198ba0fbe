"""The REST endpoints of conversations."""

from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from accounts.authentication import UserRequest
from conversations.selectors import visible_conversation
from conversations.view_records import record_view
from foundation.errors import Invalid
from foundation.openapi import BOOLEAN, INTEGER, LIMIT, PAGINATION, Problem, describe, query_parameter
from foundation.query_params import boolean_param, integer_param, limit_param, text_param
from foundation.rest import success_response
from messaging.conversation_selectors import ListFilter, conversation_list, render_conversations
from messaging.history import Window, history
from messaging.message_api import send_response
from messaging.payloads import MessagePayload
from messaging.rate_limits import SENDS, check_user_limit
from messaging.read_marks import mark_read
from messaging.requests import ConversationMessageRequest, MarkReadRequest, SendMessageRequest
from messaging.responses import (
    ConflictProblem,
    ConversationPage,
    ConversationResponse,
    EventLogResponse,
    MarkReadResponse,
    MessagePage,
    SendMessageResponse,
)
from realtime import events_page


class ConversationViewSet(ViewSet):
    """Conversations, and what is in them."""

    @describe(
        "The conversations of the current user, newest activity first",
        responses={200: ConversationPage},
        parameters=[
            query_parameter("type", "direct, bid or campaign"),
            query_parameter(
                "awaiting", "`me`: only those that await the current user", kind={"type": "string", "enum": ["me"]}
            ),
            query_parameter("unread", "`true`: with unread messages; `false`: without", kind=BOOLEAN),
            query_parameter("search", "in the title and the other side's name"),
            *PAGINATION,
        ],
    )
    def list(self, request: UserRequest) -> Response:
        params = request.query_params
        if params.get("awaiting") not in {None, "me"}:
            raise Invalid(errors={"awaiting": ["Only `me` can be asked for."]})
        filters = ListFilter(
            conversation_type=text_param(params, "type"),
            awaiting_me="awaiting" in params,
            unread=boolean_param(params, "unread"),
            search=text_param(params, "search"),
        )
        conversations, page = conversation_list(
            user=request.user, filters=filters, cursor=params.get("cursor"), limit=limit_param(params)
        )
        return success_response(results=conversations, next=page.next, previous=page.previous)

    @describe("Read a conversation", responses={200: ConversationResponse})
    def retrieve(self, request: UserRequest, pk: str) -> Response:
        conversation = visible_conversation(user=request.user, conversation_id=pk)
        record_view(conversation=conversation, viewer=request.user, through="rest")
        return success_response(conversation=render_conversations([conversation], request.user)[0])

    @describe(
        "Messages by `seq`, oldest first inside a page; the newest page by default",
        responses={200: MessagePage},
        parameters=[
            query_parameter("before", "older than this `seq`", kind=INTEGER),
            query_parameter("after", "newer than this `seq`", kind=INTEGER),
            query_parameter("around", "on both sides of this `seq`", kind=INTEGER),
            *PAGINATION,
        ],
    )
    @action(detail=True, methods=["get"])
    def messages(self, request: UserRequest, pk: str) -> Response:
        params = request.query_params
        conversation = visible_conversation(user=request.user, conversation_id=pk)
        record_view(conversation=conversation, viewer=request.user, through="rest")
        window = Window(**{name: integer_param(params, name) for name in ("before", "after", "around")})
        page = history(conversation=conversation, window=window, cursor=params.get("cursor"), limit=limit_param(params))
        version = conversation.state_version
        return success_response(
            **page.mapped(lambda rows: [MessagePayload.of(row, state_version=version) for row in rows])
        )

    @describe(
        "Send a message to this conversation",
        request=ConversationMessageRequest,
        responses={201: SendMessageResponse, 200: SendMessageResponse},
        errors={409: ConflictProblem, 422: Problem},
    )
    @messages.mapping.post  # type: ignore[untyped-decorator]
    def send(self, request: UserRequest, pk: str) -> Response:
        check_user_limit(SENDS, request.user)
        data = ConversationMessageRequest.parse(request.data)
        return send_response(request.user, SendMessageRequest(conversation_id=pk, **data.model_dump()))

    @describe("Move one's read mark forward", request=MarkReadRequest, responses={200: MarkReadResponse})
    @action(detail=True, methods=["post"])
    def read(self, request: UserRequest, pk: str) -> Response:
        result = mark_read(user=request.user, conversation_id=pk, data=MarkReadRequest.parse(request.data))
        return success_response(**MarkReadResponse.model_validate(result).model_dump())

    @describe(
        "The conversation's log: every numbered event, as it was sent",
        responses={200: EventLogResponse},
        parameters=[
            query_parameter("after", "later than this `seq`", kind=INTEGER),
            LIMIT,
        ],
    )
    @action(detail=True, methods=["get"])
    def events(self, request: UserRequest, pk: str) -> Response:
        conversation = visible_conversation(user=request.user, conversation_id=pk)
        record_view(conversation=conversation, viewer=request.user, through="rest")
        return success_response(**events_page(conversation.room, request.query_params))
