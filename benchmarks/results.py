"""Results: medians and spreads over the rounds, and ratios to the peers."""

import json
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.cases import LoadCase, Metric
from benchmarks.load_generator import Result, saturated_cores

Json = dict[str, Any]


@dataclass(frozen=True)
class Spread:
    median: float
    minimum: float
    maximum: float

    @classmethod
    def of(cls, values: list[float]) -> "Spread":
        return cls(statistics.median(values), min(values), max(values))


def summary(case: LoadCase, rounds: dict[str, list[Result]]) -> Json:
    """Return one case in the form that is saved and shown. `rounds` has the results of each target."""
    metrics = {name: _metrics(case, results) for name, results in rounds.items()}
    labels = {one.name: one.label for one in case.targets if one.name in rounds}
    return {
        "title": case.title,
        "metrics": [_description(metric) for metric in case.metrics],
        "targets": [{"name": name, "label": labels[name], **metrics[name]} for name in metrics],
        "ratios": _ratios(case, metrics),
    }


def _description(metric: Metric) -> Json:
    return {"name": metric.name, "label": metric.label, "higher_is_better": metric.higher_is_better}


def _metrics(case: LoadCase, results: list[Result]) -> Json:
    found: Json = {metric.name: vars(Spread.of([one[metric.name] for one in results])) for metric in case.metrics}
    cpu = {name: [one[name] for one in results] for name in ("server_cpu", "load_cpu", "postgres_cpu")}
    found["cpu"] = {name.removesuffix("_cpu"): statistics.median(values) for name, values in cpu.items()}
    found["per_core_second"] = _efficiency(case.metrics[0], results)
    found["saturated"] = saturated_cores({name: statistics.median(values) for name, values in cpu.items()})
    return found


def _efficiency(metric: Metric, results: list[Result]) -> float | None:
    """Return the work for each second of server CPU, which can be compared even on a busy machine."""
    if not metric.name.endswith("_per_second"):
        return None
    return statistics.median(one[metric.name] / max(one["server_cpu"], 1.0) * 100 for one in results)


def _ratios(case: LoadCase, metrics: dict[str, Json]) -> list[Json]:
    """Return the ratios of the first target to each other target."""
    first, *others = metrics
    return [_ratio(metric, metrics[first], metrics[other], other) for metric in case.metrics for other in others]


def _ratio(metric: Metric, ours: Json, theirs: Json, name: str) -> Json:
    other = theirs[metric.name]["median"]
    ratio = round(ours[metric.name]["median"] / other, 2) if other else None
    threshold = metric.threshold if name == "node" else None
    return {"metric": metric.name, "against": name, "ratio": ratio, "threshold": threshold}


class Results:
    """The results in a directory, each case with the machine on which it was measured. A new measurement of a case
    replaces the old measurement."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "results.json"
        self.content: Json = {"cases": {}}
        if self._path.exists():
            self.content = json.loads(self._path.read_text())

    @property
    def cases(self) -> Json:
        return self.content["cases"]

    def add(self, name: str, case: Json) -> None:
        self.cases[name] = case | {"machine": machine.description()}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(json.dumps(self.content, indent=2) + "\n")
