"""The REST endpoints of conversations."""

from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from accounts.authentication import UserRequest
from conversations.view_records import record_view
from conversations.visibility import visible_conversation
from foundation.openapi import Problem, describe
from foundation.rest import success_response
from messaging.conversation_selectors import conversation_list, render_conversations
from messaging.history import history
from messaging.message_api import send_response
from messaging.payloads import MessagePayload
from messaging.rate_limits import SENDS, check_user_limit
from messaging.read_marks import mark_read
from messaging.requests import (
    ConversationListQuery,
    ConversationMessageRequest,
    HistoryQuery,
    MarkReadRequest,
    SendMessageRequest,
)
from messaging.responses import (
    ConflictProblem,
    ConversationPage,
    ConversationResponse,
    EventLogResponse,
    MarkReadResponse,
    MessagePage,
    SendMessageResponse,
)
from realtime import EventLogQuery, events_page


class ConversationViewSet(ViewSet):
    """Conversations and their messages, read marks and events."""

    @describe(
        "List the current user's conversations, newest activity first",
        query=ConversationListQuery,
        responses={200: ConversationPage},
    )
    def list(self, request: UserRequest) -> Response:
        conversations, page = conversation_list(user=request.user, query=ConversationListQuery.of(request))
        return success_response(results=conversations, next=page.next, previous=page.previous)

    @describe("Read a conversation", responses={200: ConversationResponse})
    def retrieve(self, request: UserRequest, pk: str) -> Response:
        conversation = visible_conversation(user=request.user, conversation_id=pk)
        record_view(conversation=conversation, viewer=request.user, through="rest")
        return success_response(conversation=render_conversations([conversation], request.user)[0])

    @describe(
        "List the messages by `seq`, oldest first within a page; the default is the newest page",
        query=HistoryQuery,
        responses={200: MessagePage},
    )
    @action(detail=True, methods=["get"])
    def messages(self, request: UserRequest, pk: str) -> Response:
        conversation = visible_conversation(user=request.user, conversation_id=pk)
        record_view(conversation=conversation, viewer=request.user, through="rest")
        page = history(conversation=conversation, query=HistoryQuery.of(request))
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

    @describe("Move the current user's read mark forward", request=MarkReadRequest, responses={200: MarkReadResponse})
    @action(detail=True, methods=["post"])
    def read(self, request: UserRequest, pk: str) -> Response:
        result = mark_read(user=request.user, conversation_id=pk, data=MarkReadRequest.parse(request.data))
        return success_response(**MarkReadResponse.model_validate(result).model_dump())

    @describe(
        "List the conversation's events: every numbered event as it was sent",
        query=EventLogQuery,
        responses={200: EventLogResponse},
    )
    @action(detail=True, methods=["get"])
    def events(self, request: UserRequest, pk: str) -> Response:
        conversation = visible_conversation(user=request.user, conversation_id=pk)
        record_view(conversation=conversation, viewer=request.user, through="rest")
        return success_response(**events_page(conversation.room, EventLogQuery.of(request)))
