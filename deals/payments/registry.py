"""The payment providers that the settings enable."""

from collections.abc import Callable
from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from conversations.flows.price_limits import PriceLimits, general_limits
from deals.payments.errors import PaymentUnavailable
from deals.payments.provider import Provider
from deals.payments.sandbox import Sandbox
from foundation.errors import NotFound
from foundation.external_calls import CallLimits

STRIPE = "stripe"
UNKNOWN = "There is no such payment provider."


def default_provider() -> str:
    """Return the name of the provider that opens new orders. Raises `PaymentUnavailable` if no provider is enabled."""
    if not _is_enabled(settings.PAYMENT_PROVIDER):
        raise PaymentUnavailable("No payment provider is configured.")
    return settings.PAYMENT_PROVIDER


def price_limits(currency: str) -> PriceLimits:
    """Return the prices that the default provider can charge. Without a provider, only the general limits apply."""
    if not _is_enabled(settings.PAYMENT_PROVIDER):
        return general_limits(currency)
    return _price_limits(settings.PAYMENT_PROVIDER, currency)


@cache
def _price_limits(provider: str, currency: str) -> PriceLimits:
    return get_provider(provider).price_limits(currency)


def sandbox() -> Sandbox:
    """Return the sandbox. Raises `NotFound` if it is disabled."""
    if not _is_enabled(Sandbox.name):
        raise NotFound(UNKNOWN)
    return Sandbox(settings.SANDBOX_PAYMENT_SECRET)


def get_provider(name: str) -> Provider:
    """Return an enabled provider. It need not be the default, because older orders can still be unpaid.

    Raises `NotFound` if the provider is unknown or disabled.
    """
    if name == Sandbox.name:
        return sandbox()
    if not _is_enabled(name):
        raise NotFound(UNKNOWN)
    return _stripe(
        settings.STRIPE_API_URL,
        settings.STRIPE_SECRET_KEY,
        settings.STRIPE_PUBLISHABLE_KEY,
        settings.STRIPE_WEBHOOK_SECRET,
        CallLimits.configured(),
    )


def _is_enabled(name: str) -> bool:
    if name == Sandbox.name:
        return settings.SANDBOX_PAYMENTS
    return name == STRIPE and bool(settings.STRIPE_SECRET_KEY and settings.STRIPE_WEBHOOK_SECRET)


@cache
def _stripe(api_url: str, secret_key: str, publishable_key: str, webhook_secret: str, limits: CallLimits) -> Provider:
    # The library of Stripe is large, so it is imported only if Stripe is used.
    made: Callable[..., Provider] = import_string("deals.payments.stripe_provider.Stripe")
    return made(
        api_url=api_url,
        secret_key=secret_key,
        publishable_key=publishable_key,
        webhook_secret=webhook_secret,
        limits=limits,
    )
