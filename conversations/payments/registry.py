"""Which providers are switched on, by the settings."""

from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from conversations.payments.provider import Provider
from conversations.payments.sandbox import Sandbox
from foundation.refusals import NotFound, Unavailable


def chosen_provider() -> Provider:
    """The one with which new orders are opened. Raises `Unavailable` where there is none."""
    try:
        return provider_named(settings.PAYMENT_PROVIDER)
    except NotFound:
        raise Unavailable("No payment provider is set up.") from None


def provider_named(name: str) -> Provider:
    """A provider that is switched on: the chosen one, or one whose orders may still be under way. Raises `NotFound`."""
    if name == Sandbox.name and settings.SANDBOX_PAYMENTS:
        return Sandbox(settings.SANDBOX_PAYMENT_SECRET)
    if name == "stripe" and settings.STRIPE_SECRET_KEY and settings.STRIPE_WEBHOOK_SECRET:
        return _stripe(settings.STRIPE_SECRET_KEY, settings.STRIPE_PUBLISHABLE_KEY, settings.STRIPE_WEBHOOK_SECRET)
    raise NotFound("There is no such payment provider.")


@cache
def _stripe(secret_key: str, publishable_key: str, webhook_secret: str) -> Provider:
    # Its library is large: only who uses it loads it.
    made = import_string("conversations.payments.with_stripe.Stripe")
    return made(secret_key=secret_key, publishable_key=publishable_key, webhook_secret=webhook_secret)
