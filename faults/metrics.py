"""Metrics of a run, each with the threshold that it has to keep."""

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """`maximum` and `minimum` are thresholds; without either the value is only reported."""

    name: str
    value: float
    unit: str = ""
    maximum: float | None = None
    minimum: float | None = None

    @classmethod
    def rounded(cls, name: str, value: float, unit: str, digits: int = 0, **thresholds: float | None) -> "Metric":
        """Rounded to so many digits. NaN, the value where nothing was measured, stays NaN."""
        return cls(name, round(value, digits) if math.isfinite(value) else value, unit, **thresholds)

    @property
    def holds(self) -> bool:
        if math.isnan(self.value):
            return self.maximum is None and self.minimum is None
        return self._is_low_enough and (self.minimum is None or self.value >= self.minimum)

    @property
    def _is_low_enough(self) -> bool:
        return self.maximum is None or self.value <= self.maximum

    @property
    def threshold(self) -> str:
        """As the report shows it."""
        if self.maximum is not None:
            return f"<= {self.maximum:g} {self.unit}".strip()
        return f">= {self.minimum:g} {self.unit}".strip() if self.minimum is not None else ""


def percentile(values: Iterable[float], share: float) -> float:
    """The smallest value that is not less than this share of all values; NaN if there are none."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan
