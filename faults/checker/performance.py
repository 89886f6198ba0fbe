"""The performance of a run, from its history: throughput, latency, recovery times and duplicates."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain

from faults.checker.history import History, Observer
from faults.checker.properties import NEW
from faults.metrics import Metric, percentile
from faults.recorder import Record

DUPLICATES = "events seen again"
"""Duplicates in a later connection. A duplicate in the same connection is a violation."""
ACKNOWLEDGED = "acknowledged, p99"
RECOVERED = "clients back and caught up, p99"


@dataclass
class Performance:
    """`acknowledged` is a number of messages, `ordered_pairs` the number of neighboring events whose order was
    compared."""

    acknowledged: int
    ordered_pairs: int
    metrics: list[Metric] = field(default_factory=list)


def measure(history: History) -> Performance:
    observers = history.observers.values()
    seen = sum(len(events) for one in observers for events in one.events.values())
    performance = Performance(len(history.acks), seen - sum(len(one.events) for one in observers))
    if seen:
        share = 100 * sum(map(_duplicates, observers)) / seen
        performance.metrics.append(Metric.rounded(DUPLICATES, share, "%", 3, maximum=0.0))
    if history.acks:
        took = [acks[0]["took"] * 1000 for acks in history.acks.values()]
        performance.metrics += _percentiles("acknowledged", took)
        performance.metrics += _percentiles("delivered", delivery_latencies(history))
    if any(one.absences for one in observers):
        performance.metrics += _percentiles("clients back and caught up", recovery_times(history))
    performance.metrics += _windows(history)
    return performance


def _windows(history: History) -> list[Metric]:
    """Return the 99th percentile of the delivery latency in each window."""
    p99 = {name: _window_p99(windows, history) for name, windows in history.windows.items()}
    return [
        Metric.rounded(name, p99[name], "ms", maximum=_maximum(windows[0], p99))
        for name, windows in history.windows.items()
    ]


def _percentiles(name: str, values: Iterable[float]) -> list[Metric]:
    values = list(values)
    return [Metric.rounded(f"{name}, p{share * 100:g}", percentile(values, share), "ms") for share in (0.5, 0.99)]


def _window_p99(windows: list[Record], history: History) -> float:
    latencies = (delivery_latencies(history, one["since"], one["until"]) for one in windows)
    return percentile(chain.from_iterable(latencies), 0.99)


def _maximum(window: Record, p99: dict[str, float]) -> float | None:
    if window["baseline"] is None:
        return window["maximum"]
    return math.floor(p99[window["baseline"]] * window["factor"])


def _duplicates(observer: Observer) -> int:
    return sum(len(events) - len({seq for _, seq, *_ in events}) for events in observer.events.values())


def delivery_latencies(history: History, since: float = 0.0, until: float = float("inf")) -> Iterator[float]:
    """Yield the milliseconds from each acknowledged request to the first time that each observer saw its message. Only
    requests from `since` to `until` count."""
    sent_at = _sent_at(history)
    for observer in history.observers.values():
        for events in observer.events.values():
            known: set[int] = set()
            for _, seq, event, id, at in events:
                if event == NEW and seq not in known and since <= sent_at.get(id, -1.0) < until:
                    yield (at - sent_at[id]) * 1000
                known.add(seq)


def recovery_times(history: History) -> Iterator[float]:
    """Yield the milliseconds from the loss of each connection until the client was connected again and had seen every
    message that was sent before the reconnect."""
    sent_at = _sent_at(history)
    for observer in history.observers.values():
        seen: dict[int, list[tuple[float, float]]] = defaultdict(list)
        for events in observer.events.values():
            for number, _, event, id, at in events:
                if event == NEW and id in sent_at:
                    seen[number].append((sent_at[id], at))
        for number, lost, connected in observer.absences:
            caught_up = max((at for sent, at in seen[number] if sent < connected), default=connected)
            yield (max(caught_up, connected) - lost) * 1000


def _sent_at(history: History) -> dict[str, float]:
    """Return when each message was sent, by its id."""
    return {acks[0]["id"]: acks[0]["begun"] for acks in history.acks.values()}
