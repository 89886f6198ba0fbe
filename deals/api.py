"""The REST endpoints of deals: opening a conversation, taking actions, and reading offers and payments."""

from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from accounts.authentication import UserRequest
from accounts.models import User
from conversations.view_records import record_view
from conversations.visibility import visible_conversation
from deals.actions import result_of, take_action
from deals.opening import open_conversation_as
from deals.requests import ActionRequest, ButtonClickRequest, OpenConversationRequest
from deals.responses import ActionResult, DealResponse
from deals.selectors import deal_summary
from deals.transitions import AppliedAction
from foundation.openapi import Problem, describe
from foundation.rest import success_response
from messaging import conversation_api
from messaging.conflicts import describing_conflicts
from messaging.conversation_selectors import conversation_for
from messaging.rate_limits import OPENINGS, SENDS, check_user_limit
from messaging.responses import ConflictProblem, ConversationResponse


def action_response(user: User, conversation_id: str, data: ActionRequest) -> Response:
    check_user_limit(SENDS, user)
    with describing_conflicts(user, conversation_id):
        applied = take_action(user=user, conversation_id=conversation_id, data=data)
    return result_response(applied, user)


def result_response(applied: AppliedAction, user: User) -> Response:
    shown = result_of(applied, user)
    return success_response(**{name: getattr(shown, name) for name in shown.model_fields_set})


class ConversationViewSet(conversation_api.ConversationViewSet):
    """Opening and reading conversations."""

    @describe(
        "Open a conversation, or return the existing one",
        request=OpenConversationRequest,
        responses={201: ConversationResponse, 200: ConversationResponse},
    )
    def create(self, request: UserRequest) -> Response:
        check_user_limit(OPENINGS, request.user)
        opened = open_conversation_as(opener=request.user, data=OpenConversationRequest.parse(request.data))
        conversation = conversation_for(user=request.user, conversation_id=opened.conversation.pk)
        return success_response(201 if opened.created else 200, conversation=conversation)


class DealViewSet(ViewSet):
    """The actions of the parties in the flow of a conversation, and their deal."""

    @describe(
        "Take an action of the flow",
        request=ActionRequest,
        responses={200: ActionResult},
        errors={409: ConflictProblem, 503: Problem},
    )
    @action(detail=True, methods=["post"])
    def actions(self, request: UserRequest, pk: str) -> Response:
        return action_response(request.user, pk, ActionRequest.parse(request.data))

    @describe(
        "Click a button of the prompt",
        request=ButtonClickRequest,
        responses={200: ActionResult},
        errors={409: ConflictProblem, 503: Problem},
    )
    @action(detail=True, methods=["post"], url_path="button-click")
    def button_click(self, request: UserRequest, pk: str) -> Response:
        return action_response(request.user, pk, ButtonClickRequest.parse(request.data).as_action())

    @describe("The offers, the agreed price, and the payment", responses={200: DealResponse})
    @action(detail=True, methods=["get"])
    def deal(self, request: UserRequest, pk: str) -> Response:
        conversation = visible_conversation(user=request.user, conversation_id=pk)
        record_view(conversation=conversation, viewer=request.user, through="rest")
        return success_response(deal=deal_summary(conversation))
