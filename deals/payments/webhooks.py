"""Webhooks of payment providers."""

from collections.abc import Mapping

from deals.payments import get_provider
from deals.payments.payment_events import AppliedPaymentEvent, apply_event
from deals.payments.refunds import request_refund


def handle_webhook(*, provider: str, body: bytes, headers: Mapping[str, str]) -> AppliedPaymentEvent | None:
    """Take what a provider sends, however late, often and out of order; None where it does not concern us.

    Raises `NotFound` for an unknown provider or order, `Forbidden` for a wrong signature, `Invalid` for an amount
    that is not the order's and for an event id that was used for something else.
    """
    event = get_provider(provider).verify(body, headers)
    applied = apply_event(provider, event) if event else None
    if applied is not None and not applied.repeated and applied.order.needs_refund:
        request_refund(applied.order)
    return applied
