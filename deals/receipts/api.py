"""The REST endpoint of receipts."""

from django.http import HttpResponseBase
from django.utils.cache import patch_vary_headers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.viewsets import ViewSet

from accounts.authentication import UserRequest
from deals.receipts.payloads import ReceiptPayload
from deals.receipts.rate_limits import RECEIPTS
from deals.receipts.responses import ReceiptResponse
from deals.receipts.selectors import Receipt
from deals.receipts.services import read_receipt, render_receipt
from foundation.openapi import Problem, describe
from foundation.rest import success_response
from messaging.rate_limits import check_user_limit
from messaging.uploads.downloads import download_response

PDF, JSON = "application/pdf", "application/json"


class ReceiptViewSet(ViewSet):
    """The receipts of what was paid and refunded."""

    @describe(
        "The receipt of what was paid and refunded, as a PDF; as JSON if `Accept` prefers it",
        responses={200: ReceiptResponse},
        file_type=PDF,
        errors={503: Problem},
    )
    @action(detail=True, methods=["get"])
    def receipt(self, request: UserRequest, pk: str) -> HttpResponseBase:
        check_user_limit(RECEIPTS, request.user)
        receipt = read_receipt(user=request.user, conversation_id=pk)
        response = _as_json(receipt) if _prefers_json(request) else _as_pdf(receipt)
        patch_vary_headers(response, ["Accept"])
        return response


def _prefers_json(request: Request) -> bool:
    return request.get_preferred_type([PDF, JSON]) == JSON


def _as_json(receipt: Receipt) -> HttpResponseBase:
    return success_response(receipt=ReceiptPayload.of(receipt))


def _as_pdf(receipt: Receipt) -> HttpResponseBase:
    name = f"receipt-{receipt.conversation.pk}.pdf"
    return download_response(render_receipt(receipt), PDF, name)
