"""System checks: a flow with a hole in it keeps the project from starting."""

from typing import Any

from django.core.checks import CheckMessage, Error, register

from conversations.flows import all_flows
from conversations.flows.checks import problems


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
