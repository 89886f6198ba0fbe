"""Scenarios: functions that inject faults, registered by name."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from faults.run import Run

Inject = Callable[[Run], Awaitable[None]]


@dataclass(frozen=True)
class Scenario:
    """`inject` injects the faults. Afterwards the checker checks every scenario in the same way."""

    name: str
    what: str
    inject: Inject


SCENARIOS: dict[str, Scenario] = {}


def scenario(name: str, what: str) -> Callable[[Inject], Inject]:
    def register(inject: Inject) -> Inject:
        SCENARIOS[name] = Scenario(name, what, inject)
        return inject

    return register
