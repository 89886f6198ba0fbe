"""Numbers that a run measures, each beside the bar that it has to hold."""

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """`most` and `least` are bars; without either the number is only told."""

    name: str
    value: float
    unit: str = ""
    most: float | None = None
    least: float | None = None

    @classmethod
    def rounded(cls, name: str, value: float, unit: str, digits: int = 0, **bar: float | None) -> "Figure":
        """With so many decimals; NaN, which is what nothing was measured for, stays what it is."""
        return cls(name, round(value, digits) if math.isfinite(value) else value, unit, **bar)

    @property
    def holds(self) -> bool:
        if math.isnan(self.value):
            return self.most is None and self.least is None
        return (self.most is None or self.value <= self.most) and (self.least is None or self.value >= self.least)

    @property
    def bar(self) -> str:
        if self.most is not None:
            return f"<= {self.most:g} {self.unit}".strip()
        return f">= {self.least:g} {self.unit}".strip() if self.least is not None else ""


def percentile(values: Iterable[float], share: float) -> float:
    """The smallest value that `share` of all do not exceed; NaN of none."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan
