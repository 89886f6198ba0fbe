"""Webhooks of the sandbox, operators who refund an order or close a deal, and the tasks of refunds."""

import json
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import connections

from accounts.models import User
from deals.models import PaymentOrder
from deals.payments.decisions import refund_payment
from deals.payments.payment_events import AppliedPaymentEvent
from deals.payments.sandbox import SIGNATURE, Sandbox
from deals.payments.webhooks import handle_webhook
from operators.interventions import intervene
from operators.requests import InterventionRequest
from tasks.claims import release_lost
from tasks.models import State, StoredTask
from tests.deals import Deal
from tests.factories import make_staff
from tests.harness.tasks import enqueued, run_due_tasks

REFUND_TASK = "deals.request_refund"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
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


def report(
    said: dict[str, Any] | bytes, provider: str = "sandbox", headers: dict[str, str] | None = None
) -> AppliedPaymentEvent | None:
    """Send a webhook. The refunds that it causes wait in their tasks."""
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    return handle_webhook(provider=provider, body=body, headers=headers or {SIGNATURE: Sandbox(SECRET).signature(body)})


def send(*given: Any, **more: Any) -> AppliedPaymentEvent | None:
    """Send a webhook as `report` does, and run the tasks of the refunds that it causes."""
    applied = report(*given, **more)
    run_due_tasks()
    return applied


def make_refunds_due() -> None:
    """Let the delays of refunds that wait pass, and the leases of killed workers end."""
    tasks = StoredTask.objects.filter(kind=REFUND_TASK)
    tasks.filter(state=State.RUNNING).update(leased_until=LONG_AGO)
    release_lost()
    tasks.filter(state=State.WAITING).update(due_at=LONG_AGO)


def retry_refunds() -> list[str]:
    make_refunds_due()
    return run_due_tasks()


def refund_tasks() -> list[tuple[str, str]]:
    """Return the states and errors of the tasks of refunds, oldest first."""
    return [(one.state, one.error) for one in enqueued(REFUND_TASK)]


def deliver(said: dict[str, Any]) -> AppliedPaymentEvent | None:
    """Send a webhook from a thread of a test."""
    try:
        return report(said)
    finally:
        connections.close_all()


def close(deal: Deal, *, operator: User | None = None, **more: Any) -> None:
    """Close a deal as an operator, and run the tasks of the refunds."""
    data = InterventionRequest(**more)
    intervene(operator=operator or make_staff(), conversation_id=deal.conversation.pk, action="close", data=data)
    run_due_tasks()


def refund(order: PaymentOrder, amount: int | None = None, *, operator: User | None = None) -> None:
    """Refund an order as an operator, and run the task of the refund."""
    refund_payment(operator=operator or make_staff(), order_id=order.pk, amount=amount)
    run_due_tasks()
