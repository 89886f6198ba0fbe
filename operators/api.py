"""The REST endpoints of operators."""

from collections.abc import Callable
from typing import Any

from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from accounts.authentication import UserRequest
from conversations.view_records import record_view
from conversations.visibility import visible_conversation
from deals.api import result_response
from deals.responses import ActionResult
from foundation.errors import DomainError
from foundation.openapi import describe
from messaging.conflicts import describe_conflict
from messaging.responses import ConflictProblem
from operators.interventions import intervene
from operators.requests import InterventionRequest


def intervention_response(request: UserRequest, conversation_id: str, action: str) -> Response:
    data = InterventionRequest.parse(request.data)
    try:
        applied = intervene(operator=request.user, conversation_id=conversation_id, action=action, data=data)
    except DomainError as error:
        if describe_conflict(error, request.user, conversation_id):  # showing the conversation in an error is a view
            conversation = visible_conversation(user=request.user, conversation_id=conversation_id)
            record_view(conversation=conversation, viewer=request.user, through="rest")
        raise
    return result_response(applied, request.user)


def describe_intervention(summary: str) -> Callable[[Any], Any]:
    errors = {409: ConflictProblem}
    return describe(summary, request=InterventionRequest, responses={200: ActionResult}, errors=errors)


class InterventionViewSet(ViewSet):
    """Interventions of operators in a conversation."""

    @describe_intervention("Pause the automation of a conversation, as an operator")
    @action(detail=True, methods=["post"])
    def pause(self, request: UserRequest, pk: str) -> Response:
        return intervention_response(request, pk, "pause")

    @describe_intervention("Resume the automation of a conversation, as an operator")
    @action(detail=True, methods=["post"])
    def resume(self, request: UserRequest, pk: str) -> Response:
        return intervention_response(request, pk, "resume")

    @describe_intervention("Close a conversation, as an operator")
    @action(detail=True, methods=["post"])
    def close(self, request: UserRequest, pk: str) -> Response:
        return intervention_response(request, pk, "close")
