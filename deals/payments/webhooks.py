"""Webhooks of payment providers."""

from collections.abc import Mapping

from deals.payments import get_provider
from deals.payments.payment_events import AppliedPaymentEvent, apply_event


def handle_webhook(*, provider: str, body: bytes, headers: Mapping[str, str]) -> AppliedPaymentEvent | None:
    """Handle a webhook request. Requests can be late, repeated and out of order.

    Returns None if the event changes nothing. Raises `NotFound` for an unknown provider or order, `Forbidden` for a
    wrong signature, and `Invalid` if the amount does not fit the order or the event id was used for another event.
    """
    event = get_provider(provider).verify(body, headers)
    return apply_event(provider, event) if event else None
