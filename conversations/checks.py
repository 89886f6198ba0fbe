"""System checks: the project does not start with an incomplete flow or an unknown currency."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from conversations.flows import all_flows
from conversations.flows.checks import problems
from conversations.flows.money import is_currency


@register()
def check_flows(**kwargs: Any) -> list[CheckMessage]:
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
def check_default_currency(**kwargs: Any) -> list[CheckMessage]:
    if is_currency(settings.DEFAULT_CURRENCY):
        return []
    hint = "Set it to an ISO 4217 code: DEFAULT_CURRENCY=EUR"
    return [Error(f"DEFAULT_CURRENCY is unknown: {settings.DEFAULT_CURRENCY}.", hint=hint, id="conversations.P003")]
