"""Which providers are switched on, by the settings."""

from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from deals.payments.errors import PaymentUnavailable
from deals.payments.provider import Provider
from deals.payments.sandbox import Sandbox
from foundation.errors import NotFound

STRIPE = "stripe"
UNKNOWN = "There is no such payment provider."


def default_provider() -> str:
    """The name of the one with which new orders are opened. Raises `PaymentUnavailable` where there is none."""
    if not _is_enabled(settings.PAYMENT_PROVIDER):
        raise PaymentUnavailable("No payment provider is set up.")
    return settings.PAYMENT_PROVIDER


def sandbox() -> Sandbox:
    """Raises `NotFound` where it is switched off."""
    if not _is_enabled(Sandbox.name):
        raise NotFound(UNKNOWN)
    return Sandbox(settings.SANDBOX_PAYMENT_SECRET)


def get_provider(name: str) -> Provider:
    """A provider that is switched on: the chosen one, or one whose orders may still be under way. Raises `NotFound`."""
    if name == Sandbox.name:
        return sandbox()
    if not _is_enabled(name):
        raise NotFound(UNKNOWN)
    return _stripe(
        settings.STRIPE_SECRET_KEY,
        settings.STRIPE_PUBLISHABLE_KEY,
        settings.STRIPE_WEBHOOK_SECRET,
        settings.PAYMENT_PROVIDER_SECONDS,
    )


def _is_enabled(name: str) -> bool:
    if name == Sandbox.name:
        return settings.SANDBOX_PAYMENTS
    return name == STRIPE and bool(settings.STRIPE_SECRET_KEY and settings.STRIPE_WEBHOOK_SECRET)


@cache
def _stripe(secret_key: str, publishable_key: str, webhook_secret: str, seconds: float) -> Provider:
    # Its library is large: only who uses it loads it.
    made = import_string("deals.payments.stripe_provider.Stripe")
    return made(secret_key=secret_key, publishable_key=publishable_key, webhook_secret=webhook_secret, seconds=seconds)
