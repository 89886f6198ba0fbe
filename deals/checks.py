"""System checks of payments."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from conversations.flows.money import is_currency
from deals.payments import price_limits


@register(Tags.security)
def check_payment_provider(**kwargs: Any) -> list[CheckMessage]:
    if settings.PAYMENT_PROVIDER == "sandbox" and not settings.DEBUG:
        hint = "Set PAYMENT_PROVIDER to another provider or to none."
        return [Error("The sandbox moves no money and is not for production.", hint=hint, id="conversations.P001")]
    keys = ("STRIPE_SECRET_KEY", "STRIPE_PUBLISHABLE_KEY", "STRIPE_WEBHOOK_SECRET")
    missing = [key for key in keys if not getattr(settings, key)]
    if settings.PAYMENT_PROVIDER == "stripe" and missing:
        return [Error(f"Stripe needs {', '.join(missing)}.", id="conversations.P002")]
    if is_currency(settings.DEFAULT_CURRENCY) and price_limits(settings.DEFAULT_CURRENCY).is_empty:
        return [Error(f"Stripe does not take DEFAULT_CURRENCY={settings.DEFAULT_CURRENCY}.", id="conversations.P004")]
    if not settings.STRIPE_API_URL.startswith("https://") and not settings.DEBUG:
        return [Error("STRIPE_API_URL must begin with https://, because keys are sent to it.", id="conversations.P005")]
    return []
