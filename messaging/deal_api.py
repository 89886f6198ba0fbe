"""The REST door to the ledger of a deal."""

from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from accounts.authentication import UserRequest
from conversations.selectors import visible_conversation
from conversations.services import record_view
from foundation.openapi import describe
from foundation.rest import answer
from messaging.deals import DealAnswer, deal_of


class DealViewSet(ViewSet):
    @describe("The offers, the price agreed on, and the payment", answers={200: DealAnswer})
    @action(detail=True, methods=["get"])
    def deal(self, request: UserRequest, pk: str) -> Response:
        conversation = visible_conversation(user=request.user, conversation_id=pk)
        record_view(conversation=conversation, viewer=request.user, through="rest")
        return answer(deal=deal_of(conversation))
