"""The REST endpoints of messages."""

from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from accounts.authentication import UserRequest
from accounts.models import User
from conversations.view_records import record_view
from foundation.openapi import Problem, describe
from foundation.query_params import PageQuery
from foundation.rest import success_response
from messaging.conflicts import describing_conflicts
from messaging.editing import delete_message, edit_message
from messaging.history import message_for
from messaging.models import Message
from messaging.payloads import MessagePayload, RevisionPayload
from messaging.rate_limits import SENDS, check_user_limit
from messaging.requests import EditMessageRequest, SendMessageRequest
from messaging.responses import ConflictProblem, MessageResponse, RevisionPage, SendMessageResponse
from messaging.revisions import revisions_of
from messaging.sending import send_message


def message_payload(message: Message) -> MessagePayload:
    return MessagePayload.of(message, state_version=message.conversation.state_version)


def send_response(sender: User, data: SendMessageRequest) -> Response:
    with describing_conflicts(sender, data.conversation_id):
        result = send_message(sender=sender, data=data)
    message = result.message
    return success_response(
        201 if result.created else 200, message=message_payload(message), conversation_id=message.conversation_id
    )


class MessageViewSet(ViewSet):
    """Endpoints that send messages, or read and change a message by its id."""

    @describe(
        "Send a message",
        request=SendMessageRequest,
        responses={201: SendMessageResponse, 200: SendMessageResponse},
        errors={409: ConflictProblem, 422: Problem},
    )
    def create(self, request: UserRequest) -> Response:
        check_user_limit(SENDS, request.user)
        return send_response(request.user, SendMessageRequest.parse(request.data))

    @describe("Read a message", responses={200: MessageResponse})
    def retrieve(self, request: UserRequest, pk: str) -> Response:
        message = message_for(user=request.user, message_id=pk)
        record_view(conversation=message.conversation, viewer=request.user, through="rest", subject=message.pk)
        return success_response(message=message_payload(message))

    @describe(
        "List the former words of a message, newest first; for staff", query=PageQuery, responses={200: RevisionPage}
    )
    @action(detail=True, methods=["get"])
    def revisions(self, request: UserRequest, pk: str) -> Response:
        """Needs the permission *Can view message revision*. Each request is recorded."""
        page = revisions_of(user=request.user, message_id=pk, query=PageQuery.of(request))
        return success_response(**page.mapped(lambda rows: [RevisionPayload.of(row) for row in rows]))

    @describe(
        "Edit a message of the current user",
        request=EditMessageRequest,
        responses={200: MessageResponse},
        errors={409: ConflictProblem},
    )
    def partial_update(self, request: UserRequest, pk: str) -> Response:
        check_user_limit(SENDS, request.user)
        data = EditMessageRequest.parse(request.data)
        conversation_id = message_for(user=request.user, message_id=pk).conversation_id
        with describing_conflicts(request.user, conversation_id):
            message = edit_message(user=request.user, message_id=pk, data=data)
        return success_response(message=message_payload(message))

    @describe("Delete a message of the current user", responses={200: MessageResponse})
    def destroy(self, request: UserRequest, pk: str) -> Response:
        return success_response(message=message_payload(delete_message(user=request.user, message_id=pk)))
