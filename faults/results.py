"""The result of a scenario."""

from dataclasses import dataclass, field

from faults.checker.properties import Violation
from faults.metrics import Metric


@dataclass
class Result:
    """`acknowledged` is a number of messages, `ordered_pairs` the number of neighboring events whose order was
    compared."""

    scenario: str
    what: str
    seconds: float
    acknowledged: int = 0
    ordered_pairs: int = 0
    violations: list[Violation] = field(default_factory=list)
    metrics: list[Metric] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not self.violations and all(metric.holds for metric in self.metrics)
