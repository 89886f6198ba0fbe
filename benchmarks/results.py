"""What came out: medians and spreads over the rounds, ratios against the peers."""

import json
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.cases import LoadCase, Metric
from benchmarks.load import Result, what_was_full

Figure = dict[str, Any]


@dataclass(frozen=True)
class Spread:
    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: list[float]) -> "Spread":
        return cls(statistics.median(values), min(values), max(values))


def summary(case: LoadCase, rounds: dict[str, list[Result]]) -> Figure:
    """One case as it is written and shown; `rounds` has the results of each contender, in their order."""
    figures = {name: _figures(case, results) for name, results in rounds.items()}
    labels = {one.name: one.label for one in case.contenders if one.name in rounds}
    return {
        "title": case.title,
        "metrics": [{"name": one.name, "label": one.label, "more": one.more_is_better} for one in case.metrics],
        "contenders": [{"name": name, "label": labels[name], **figures[name]} for name in figures],
        "ratios": _ratios(case, figures),
    }


def _figures(case: LoadCase, results: list[Result]) -> Figure:
    found: Figure = {metric.name: vars(Spread.of([one[metric.name] for one in results])) for metric in case.metrics}
    cpu = {name: [one[name] for one in results] for name in ("server_cpu", "load_cpu", "postgres_cpu")}
    found["cpu"] = {name.removesuffix("_cpu"): statistics.median(values) for name, values in cpu.items()}
    found["per_core_second"] = _efficiency(case.metrics[0], results)
    found["full"] = what_was_full({name: statistics.median(values) for name, values in cpu.items()})
    return found


def _efficiency(metric: Metric, results: list[Result]) -> float | None:
    """What a second of a core brings, which holds on a machine that has other things to do as well."""
    if not metric.name.endswith("_per_second"):
        return None
    return statistics.median(one[metric.name] / max(one["server_cpu"], 1.0) * 100 for one in results)


def _ratios(case: LoadCase, figures: dict[str, Figure]) -> list[Figure]:
    """The first contender against each other one."""
    first, *others = figures
    return [_ratio(metric, figures[first], figures[other], other) for metric in case.metrics for other in others]


def _ratio(metric: Metric, ours: Figure, theirs: Figure, name: str) -> Figure:
    other = theirs[metric.name]["median"]
    ratio = round(ours[metric.name]["median"] / other, 2) if other else None
    return {"metric": metric.name, "against": name, "ratio": ratio, "bar": metric.bar if name == "node" else None}


class Book:
    """The results of one size of run in a directory, each case with the machine that it was measured on; one that is
    measured again replaces what stood there."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "results.json"
        self.content: Figure = {"cases": {}}
        if self._path.exists():
            self.content = json.loads(self._path.read_text())

    @property
    def cases(self) -> Figure:
        return self.content["cases"]

    def add(self, name: str, case: Figure) -> None:
        self.cases[name] = case | {"machine": machine.description()}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(json.dumps(self.content, indent=2) + "\n")
