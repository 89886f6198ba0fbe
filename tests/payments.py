"""Webhooks of the sandbox, and operators who close a deal."""

import json
from typing import Any

from django.conf import settings
from django.db import connections

from accounts.models import User
from deals.models import PaymentOrder
from deals.payments.payment_events import AppliedPaymentEvent
from deals.payments.sandbox import SIGNATURE, Sandbox
from deals.payments.webhooks import handle_webhook
from operators.interventions import intervene
from operators.requests import InterventionRequest
from tests.deals import Deal
from tests.factories import make_staff

SECRET = settings.SANDBOX_PAYMENT_SECRET
SUCCEEDED, FAILED, REFUNDED = "payment.succeeded", "payment.failed", "payment.refunded"
CANCELED, REFUND_FAILED = "payment.canceled", "payment.refund_failed"
OPENED, WON, LOST = "payment.dispute_opened", "payment.dispute_won", "payment.dispute_lost"


def event(order: PaymentOrder, kind: str = SUCCEEDED, **other: Any) -> dict[str, Any]:
    """Return the content of a webhook. Its id follows from the kind, unless another id is passed."""
    return {
        "id": f"evt-{kind}",
        "type": kind,
        "order_id": str(order.pk),
        "amount": order.offer.price,
        "currency": order.offer.currency,
        "created_at": "2026-01-01T12:00:00.000Z",
    } | other


def send(
    said: dict[str, Any] | bytes, provider: str = "sandbox", headers: dict[str, str] | None = None
) -> AppliedPaymentEvent | None:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    return handle_webhook(provider=provider, body=body, headers=headers or {SIGNATURE: Sandbox(SECRET).signature(body)})


def deliver(said: dict[str, Any]) -> AppliedPaymentEvent | None:
    """Send a webhook from a thread of a test."""
    try:
        return send(said)
    finally:
        connections.close_all()


def close(deal: Deal, *, operator: User | None = None, **more: Any) -> None:
    """Close a deal as an operator."""
    data = InterventionRequest(**more)
    intervene(operator=operator or make_staff(), conversation_id=deal.conversation.pk, action="close", data=data)
