"""The REST endpoints of payments: the webhooks of the providers, and payment in the sandbox."""

from django.conf import settings
from rest_framework.decorators import action
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from accounts.authentication import UserRequest
from deals.payloads import PaymentPayload
from deals.payments.sandbox_payments import pay_in_sandbox
from deals.payments.webhooks import handle_webhook
from deals.requests import SandboxPaymentRequest
from deals.responses import PaymentResult, WebhookResult
from foundation.errors import PayloadTooLarge
from foundation.openapi import describe
from foundation.rest import success_response
from messaging.conversation_selectors import conversation_for
from messaging.rate_limits import SENDS, check_user_limit


class PaymentViewSet(ViewSet):
    @describe(
        "Report an event about an order, as its payment provider; the signature authenticates the request",
        request=dict,
        responses={200: WebhookResult},
    )
    @action(
        detail=False,
        methods=["post"],
        url_path=r"(?P<provider>[a-z]+)/webhook",
        authentication_classes=[],
        permission_classes=[AllowAny],
    )
    def webhook(self, request: Request, provider: str) -> Response:
        body = request.body
        if len(body) > settings.MAX_JSON_BODY:
            raise PayloadTooLarge
        applied = handle_webhook(provider=provider, body=body, headers=request.headers)
        return success_response(**({"repeated": True} if applied and applied.repeated else {}))

    @describe(
        "Pay an order of the sandbox, or report another event about it; only the payer may do this",
        request=SandboxPaymentRequest,
        responses={200: PaymentResult},
    )
    @action(detail=False, methods=["post"], url_path=r"sandbox/(?P<order_id>[^/]+)/pay")
    def pay(self, request: UserRequest, order_id: str) -> Response:
        check_user_limit(SENDS, request.user)
        data = SandboxPaymentRequest.parse(request.data)
        order = pay_in_sandbox(user=request.user, order_id=order_id, kind=data.type, amount=data.amount)
        conversation = conversation_for(user=request.user, conversation_id=order.conversation_id)
        return success_response(payment=PaymentPayload.of(order), conversation=conversation)
