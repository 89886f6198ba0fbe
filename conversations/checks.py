"""System checks: a flow with a hole in it keeps the project from starting, and so do prices and payments that are
none."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from conversations.flows import all_flows
from conversations.flows.checks import problems
from conversations.flows.money import is_currency


@register()
def flows_are_whole(**kwargs: Any) -> list[CheckMessage]:
    return [
        Error(
            f"{problem.where} {problem.message}.",
            obj=f"flow {flow.name} {flow.version}",
            id=f"conversations.{problem.id}",
        )
        for flow in all_flows()
        for problem in problems(flow)
    ]


@register()
def prices_have_a_currency(**kwargs: Any) -> list[CheckMessage]:
    if is_currency(settings.DEFAULT_CURRENCY):
        return []
    hint = "Set it to an ISO 4217 code: DEFAULT_CURRENCY=EUR"
    return [Error(f"DEFAULT_CURRENCY is no currency: {settings.DEFAULT_CURRENCY}.", hint=hint, id="conversations.P003")]


@register(Tags.security)
def payments_are_real(**kwargs: Any) -> list[CheckMessage]:
    if settings.PAYMENT_PROVIDER == "sandbox" and not settings.DEBUG:
        hint = "Set PAYMENT_PROVIDER to another one, or to none."
        return [Error("The sandbox takes no money: it is not for production.", hint=hint, id="conversations.P001")]
    keys = ("STRIPE_SECRET_KEY", "STRIPE_PUBLISHABLE_KEY", "STRIPE_WEBHOOK_SECRET")
    missing = [key for key in keys if not getattr(settings, key)]
    if settings.PAYMENT_PROVIDER == "stripe" and missing:
        return [Error(f"Stripe needs {', '.join(missing)}.", id="conversations.P002")]
    return []
