"""The REST endpoints of deals: opening a conversation, taking actions, and the ledger."""

from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from accounts.authentication import UserRequest
from accounts.models import User
from conversations.selectors import visible_conversation
from conversations.services import record_view
from deals.actions import act, answer_to
from deals.opening import open_by
from deals.requests import ActionRequest, ButtonClickRequest, OpenConversation
from deals.responses import ActionResult, DealResponse
from deals.selectors import ledger_of
from deals.transitions import AppliedAction
from foundation.openapi import Problem, describe
from foundation.rest import success_response
from messaging import conversation_api, selectors
from messaging.rate_limits import OPENINGS, SENDS, limited
from messaging.responses import Conflict, ConversationAnswer


def acted(user: User, conversation_id: str, given: ActionRequest) -> Response:
    limited(SENDS, user)
    return answered(act(user=user, conversation_id=conversation_id, given=given), user)


def answered(done: AppliedAction, user: User) -> Response:
    shown = answer_to(done, user)
    return success_response(**{name: getattr(shown, name) for name in shown.model_fields_set})


class ConversationViewSet(conversation_api.ConversationViewSet):
    """Conversations, what is in them, and opening them."""

    @describe(
        "Open a conversation, or find the one there is",
        request=OpenConversation,
        responses={201: ConversationAnswer, 200: ConversationAnswer},
    )
    def create(self, request: UserRequest) -> Response:
        limited(OPENINGS, request.user)
        opened = open_by(opener=request.user, given=OpenConversation.parse(request.data))
        conversation = selectors.conversation_for(user=request.user, conversation_id=opened.conversation.pk)
        return success_response(201 if opened.created else 200, conversation=conversation)


class DealViewSet(ViewSet):
    """What parties do in the flow of a conversation, and what they agreed on."""

    @describe(
        "Take an action of the flow",
        request=ActionRequest,
        responses={200: ActionResult},
        errors={409: Conflict, 503: Problem},
    )
    @action(detail=True, methods=["post"])
    def actions(self, request: UserRequest, pk: str) -> Response:
        return acted(request.user, pk, ActionRequest.parse(request.data))

    @describe(
        "Click a button of the prompt",
        request=ButtonClickRequest,
        responses={200: ActionResult},
        errors={409: Conflict, 503: Problem},
    )
    @action(detail=True, methods=["post"], url_path="button-click")
    def button_click(self, request: UserRequest, pk: str) -> Response:
        return acted(request.user, pk, ButtonClickRequest.parse(request.data).as_action())

    @describe("The offers, the price agreed on, and the payment", responses={200: DealResponse})
    @action(detail=True, methods=["get"])
    def deal(self, request: UserRequest, pk: str) -> Response:
        conversation = visible_conversation(user=request.user, conversation_id=pk)
        record_view(conversation=conversation, viewer=request.user, through="rest")
        return success_response(deal=ledger_of(conversation))
