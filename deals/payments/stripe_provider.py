"""The payment provider Stripe, through its official library. Each order is a PaymentIntent.

A client pays with Stripe.js, using `client_secret` and `publishable_key`. Webhooks report the events of the
PaymentIntent, its refunds and its disputes.
"""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import stripe

from conversations.flows.money import InvalidPrice, decimals
from conversations.flows.price_limits import PriceLimits
from deals.models import PaymentEventKind, PaymentOrder, Refund
from deals.payments.provider import OpenedOrder, ProviderEvent, ProviderFailed, ProviderRefused
from deals.payments.stripe_currencies import stripe_decimals, stripe_limits
from deals.payments.stripe_http import BoundedClient
from foundation import clock
from foundation.errors import Forbidden, Invalid
from foundation.external_calls import CallLimits
from foundation.ids import parse_id
from foundation.json import from_json

if TYPE_CHECKING:
    from stripe.params import PaymentIntentCreateParams, RefundCreateParams, RefundListParams

SIGNATURE = "Stripe-Signature"
REFUND_ID = "refund_id"
MALFORMED = "the response is malformed"

KEYS_HOLD = timedelta(hours=23)
"""Stripe can forget an idempotency key after 24 hours. Then the same request makes another refund."""

REFUNDS_PER_PAGE = 25
"""A page is smaller than `stripe_http.MAX_RESPONSE`, even if each refund has the most metadata that Stripe allows."""


class Stripe:
    name = "stripe"

    def __init__(
        self, *, api_url: str, secret_key: str, publishable_key: str, webhook_secret: str, limits: CallLimits
    ) -> None:
        self._http = BoundedClient(limits)
        self._client = stripe.StripeClient(
            secret_key, base_addresses={"api": api_url}, max_network_retries=1, http_client=self._http
        )
        self._publishable_key, self._webhook_secret = publishable_key, webhook_secret

    def price_limits(self, currency: str) -> PriceLimits:
        return stripe_limits(currency)

    def open(self, order: PaymentOrder) -> OpenedOrder:
        _check_price(order.offer.amount, order.offer.currency)
        wanted: PaymentIntentCreateParams = {
            "amount": to_stripe(order.offer.amount, order.offer.currency),
            "currency": order.offer.currency.lower(),
            "automatic_payment_methods": {"enabled": True},
            "metadata": {"order_id": str(order.pk)},
        }
        with _translated_errors():
            intent = self._client.v1.payment_intents.create(wanted, {"idempotency_key": f"open-{order.pk}"})
            reference, secret = intent.id, intent.client_secret
        if not reference or not secret:
            raise ProviderFailed(MALFORMED)
        return OpenedOrder(reference=reference, pay={"client_secret": secret, "publishable_key": self._publishable_key})

    def verify(self, body: bytes, headers: Mapping[str, str]) -> ProviderEvent | None:
        try:
            event = self._verified_event(body, headers.get(SIGNATURE))
        except stripe.SignatureVerificationError:
            raise Forbidden("The signature does not match.") from None
        except ValueError:
            raise Invalid("The body is not an event.") from None
        return _parse_event(event)

    def _verified_event(self, body: bytes, signature: str | None) -> stripe.Event:
        """Verify the signature over all bytes of the body. The library's own parser rejects a byte order mark."""
        tolerance = stripe.Webhook.DEFAULT_TOLERANCE
        stripe.WebhookSignature.verify_header(body, signature, self._webhook_secret, tolerance)
        content = from_json(body)
        if not isinstance(content, dict) or content.get("object") != "event":
            raise ValueError("not an event")
        return stripe.Event.construct_from(content, None)

    def refund(self, refund: Refund) -> ProviderEvent:
        """Refund an amount. An attempt after which Stripe may have forgotten the key looks for the refund first."""
        with self._http.one_call():
            found = self._find_refund(refund) if clock.now() - refund.created_at > KEYS_HOLD else None
            with _translated_errors():
                return _made_event(refund, found or self._create_refund(refund))

    def _find_refund(self, refund: Refund) -> stripe.Refund | None:
        """Return the refund that an earlier attempt has made, if any. Raises only `ProviderFailed`: what is wrong with
        this request does not tell whether the refund was made."""
        wanted: RefundListParams = {"payment_intent": refund.order.reference, "limit": REFUNDS_PER_PAGE}
        try:
            with _translated_errors():
                page = self._client.v1.refunds.list(wanted)
                if not isinstance(page.data, list):
                    raise ProviderFailed(MALFORMED)
                made = page.auto_paging_iter()
                return next((one for one in made if _id_in_metadata(one, REFUND_ID) == refund.pk), None)
        except ProviderRefused as error:
            raise ProviderFailed(str(error)) from error

    def _create_refund(self, refund: Refund) -> stripe.Refund:
        order = refund.order
        wanted: RefundCreateParams = {"payment_intent": order.reference}
        if refund.amount != order.offer.amount:
            wanted["amount"] = to_stripe(refund.amount, order.offer.currency)
        if refund.pk != order.pk:  # release 0.1.0 has sent its refunds with the same keys, but without metadata
            wanted["metadata"] = {REFUND_ID: str(refund.pk)}
        return self._client.v1.refunds.create(wanted, {"idempotency_key": refund.key})


@contextmanager
def _translated_errors() -> Iterator[None]:
    """Raise `ProviderRefused` for requests that Stripe rejects for good, and `ProviderFailed` for all other errors.

    A wrong key or a missing permission is not final: the operator can correct it, and then the same request succeeds.
    """
    try:
        yield
    except (stripe.InvalidRequestError, stripe.CardError) as error:
        raise ProviderRefused(f"{type(error).__name__}: {error.code or error.param}") from error
    except stripe.StripeError as error:
        raise ProviderFailed(type(error).__name__) from error
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        # The library raises these for responses that do not have the form of its API.
        raise ProviderFailed(MALFORMED) from error


def _parse_event(event: stripe.Event) -> ProviderEvent | None:
    about: Any = event.data.object
    parsed = None
    match event.type:
        case "payment_intent.succeeded":
            parsed = _event(event, PaymentEventKind.PAID, amount=about.amount_received, reference=about.id)
        case "payment_intent.payment_failed":
            parsed = _event(event, PaymentEventKind.FAILED, amount=about.amount, reference=about.id)
        case "payment_intent.canceled":
            parsed = _event(event, PaymentEventKind.CANCELED, amount=about.amount, reference=about.id)
        case "charge.refunded":
            parsed = _event(event, PaymentEventKind.REFUNDED, amount=about.amount_refunded, is_total=True)
        case "refund.created" | "refund.updated" | "refund.failed":
            parsed = _event(event, _refund_kind(about), amount=about.amount, item_id=about.id)
        case "charge.dispute.created" | "charge.dispute.updated" | "charge.dispute.closed":
            kind = _dispute_kind(about.status)
            parsed = _event(event, kind, amount=about.amount, item_id=about.id) if kind else None
    return parsed


def _refund_kind(refund: Any) -> PaymentEventKind:
    """A refund that waits for the bank counts as made until it fails."""
    has_failed = refund.status in {"failed", "canceled"}
    return PaymentEventKind.REFUND_FAILED if has_failed else PaymentEventKind.REFUNDED


def _dispute_kind(status: str) -> PaymentEventKind | None:
    """Return None for inquiries, which take no money."""
    if status.startswith("warning_"):
        return None
    ended = {"won": PaymentEventKind.DISPUTE_WON, "lost": PaymentEventKind.DISPUTE_LOST}
    return ended.get(status, PaymentEventKind.DISPUTE_OPENED)


def _event(
    event: stripe.Event,
    kind: PaymentEventKind,
    *,
    amount: int,
    reference: str | None = None,
    item_id: str = "",
    is_total: bool = False,
) -> ProviderEvent | None:
    """Return the event, or None if it is about no PaymentIntent."""
    about: Any = event.data.object
    reference = reference or about.payment_intent
    if reference is None:
        return None
    currency = about.currency.upper()
    return ProviderEvent(
        id=event.id,
        kind=kind,
        amount=from_stripe(amount, currency),
        currency=currency,
        order_id=_id_in_metadata(about, "order_id"),
        reference=reference,
        item_id=item_id,
        is_total=is_total,
        occurred_at=datetime.fromtimestamp(event.created, UTC),
    )


def _made_event(refund: Refund, made: stripe.Refund) -> ProviderEvent:
    if not made.id:
        raise ProviderFailed(MALFORMED)
    kind = _refund_kind(made)
    return ProviderEvent(
        id=f"{made.id}-{kind}",
        kind=kind,
        amount=refund.amount,
        currency=refund.order.offer.currency,
        order_id=refund.order_id,
        reference=refund.order.reference,
        item_id=made.id,
    )


def _id_in_metadata(about: Any, name: str) -> uuid.UUID | None:
    metadata = getattr(about, "metadata", None)
    return parse_id(metadata.to_dict().get(name)) if metadata else None


def _check_price(minor: int, currency: str) -> None:
    try:
        stripe_limits(currency).check(minor, currency)
    except InvalidPrice as error:
        raise ProviderRefused(str(error)) from None


def to_stripe(minor: int, currency: str) -> int:
    """Convert minor units of ISO 4217 to Stripe's. Raises `ProviderRefused` if Stripe has no such amounts.

    The limits of a price do not apply: a part of a payment can be smaller.
    """
    if minor % stripe_limits(currency).step:
        raise ProviderRefused(f"amounts in {currency} have fewer decimals")
    return int(Decimal(minor).scaleb(stripe_decimals(currency) - decimals(currency)))


def from_stripe(amount: int, currency: str) -> int:
    """Convert an amount from Stripe to minor units of ISO 4217."""
    return int(Decimal(amount).scaleb(decimals(currency) - stripe_decimals(currency)))
