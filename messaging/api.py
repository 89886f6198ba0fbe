"""The REST endpoints of messages."""

from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from accounts.authentication import UserRequest
from accounts.models import User
from conversations.services import record_view
from foundation.openapi import Problem, describe
from foundation.rest import success_response
from messaging import selectors, services
from messaging.models import Message
from messaging.payloads import MessagePayload
from messaging.rate_limits import SENDS, limited
from messaging.requests import EditMessage, SendMessage
from messaging.responses import Conflict, MessageAnswer, SentAnswer
from messaging.sending import send_message


def shown(message: Message) -> MessagePayload:
    return MessagePayload.of(message, state_version=message.conversation.state_version)


def sent(sender: User, given: SendMessage) -> Response:
    with selectors.telling_how_it_stands(sender, given.conversation_id):
        result = send_message(sender=sender, given=given)
    message = result.message
    return success_response(
        201 if result.created else 200, message=shown(message), conversation_id=message.conversation_id
    )


class MessageViewSet(ViewSet):
    """Messages by their own id, and sending."""

    @describe(
        "Send a message",
        request=SendMessage,
        responses={201: SentAnswer, 200: SentAnswer},
        errors={409: Conflict, 422: Problem},
    )
    def create(self, request: UserRequest) -> Response:
        limited(SENDS, request.user)
        return sent(request.user, SendMessage.parse(request.data))

    @describe("Read a message", responses={200: MessageAnswer})
    def retrieve(self, request: UserRequest, pk: str) -> Response:
        message = selectors.message_for(user=request.user, message_id=pk)
        record_view(conversation=message.conversation, viewer=request.user, through="rest", subject=message.pk)
        return success_response(message=shown(message))

    @describe("Edit one's own message", request=EditMessage, responses={200: MessageAnswer}, errors={409: Conflict})
    def partial_update(self, request: UserRequest, pk: str) -> Response:
        limited(SENDS, request.user)
        given = EditMessage.parse(request.data)
        conversation_id = selectors.message_for(user=request.user, message_id=pk).conversation_id
        with selectors.telling_how_it_stands(request.user, conversation_id):
            message = services.edit_message(user=request.user, message_id=pk, given=given)
        return success_response(message=shown(message))

    @describe("Delete one's own message", responses={200: MessageAnswer})
    def destroy(self, request: UserRequest, pk: str) -> Response:
        return success_response(message=shown(services.delete_message(user=request.user, message_id=pk)))
