"""Metrics of a run, each with an optional threshold."""

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """A measured value. `maximum` and `minimum` are thresholds. A metric without a threshold always holds."""

    name: str
    value: float
    unit: str = ""
    maximum: float | None = None
    minimum: float | None = None

    @classmethod
    def rounded(cls, name: str, value: float, unit: str, digits: int = 0, **thresholds: float | None) -> "Metric":
        """Make a metric whose value is rounded to this number of digits. NaN means that nothing was measured, and stays
        NaN."""
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
        """The threshold as a text for the report."""
        if self.maximum is not None:
            return f"<= {self.maximum:g} {self.unit}".strip()
        return f">= {self.minimum:g} {self.unit}".strip() if self.minimum is not None else ""


def percentile(values: Iterable[float], share: float) -> float:
    """Return the smallest value that is at least as large as this share of all values, or NaN if `values` is empty."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan
