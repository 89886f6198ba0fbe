"""The payment provider Stripe, through its official library. Each order is a PaymentIntent.

A client pays with Stripe.js, using `client_secret` and `publishable_key`. Webhooks report the result:
`payment_intent.succeeded`, `payment_intent.payment_failed` or `charge.refunded`.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import stripe

from conversations.flows.money import InvalidPrice, decimals
from conversations.flows.price_limits import PriceLimits
from deals.models import PaymentOrder, PaymentStatus
from deals.payments.provider import OpenedOrder, ProviderEvent, ProviderFailed, ProviderRefused
from deals.payments.stripe_currencies import stripe_decimals, stripe_limits
from deals.payments.stripe_http import BoundedClient
from foundation.errors import Forbidden, Invalid
from foundation.external_calls import CallLimits
from foundation.ids import parse_id

if TYPE_CHECKING:
    from stripe.params import PaymentIntentCreateParams

SIGNATURE = "Stripe-Signature"
MALFORMED = "the response is malformed"


class Stripe:
    name = "stripe"

    def __init__(
        self, *, api_url: str, secret_key: str, publishable_key: str, webhook_secret: str, limits: CallLimits
    ) -> None:
        self._client = stripe.StripeClient(
            secret_key, base_addresses={"api": api_url}, max_network_retries=1, http_client=BoundedClient(limits)
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
            event = stripe.Webhook.construct_event(body, headers.get(SIGNATURE), self._webhook_secret)
        except stripe.SignatureVerificationError:
            raise Forbidden("The signature does not match.") from None
        except ValueError:
            raise Invalid("The body is not valid JSON.") from None
        return _parse_event(event)

    def refund(self, order: PaymentOrder) -> None:
        with _translated_errors():
            self._client.v1.refunds.create(
                {"payment_intent": order.reference}, {"idempotency_key": f"refund-{order.pk}"}
            )


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
    match event.type:
        case "payment_intent.succeeded":
            return _event(event, PaymentStatus.PAID, amount=about.amount_received, reference=about.id)
        case "payment_intent.payment_failed":
            return _event(event, PaymentStatus.FAILED, amount=about.amount, reference=about.id)
        case "charge.refunded" if about.refunded and about.payment_intent:
            return _event(event, PaymentStatus.REFUNDED, amount=about.amount_refunded, reference=about.payment_intent)
    return None


def _event(event: stripe.Event, status: PaymentStatus, *, amount: int, reference: str) -> ProviderEvent | None:
    """Return the event, or None if the payment does not belong to an order of Stoory."""
    about: Any = event.data.object
    order_id = parse_id(about.metadata.to_dict().get("order_id")) if about.metadata else None
    if order_id is None:
        return None
    currency = about.currency.upper()
    return ProviderEvent(
        id=event.id,
        status=status,
        amount=from_stripe(amount, currency),
        currency=currency,
        order_id=order_id,
        reference=reference,
    )


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
