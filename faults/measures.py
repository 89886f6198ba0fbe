"""What every history is good for: how much was sent and seen, how late, how often twice."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING

from faults.checker import NEW
from faults.figures import Figure, percentile
from faults.history import Record
from faults.story import Observer, Story

if TYPE_CHECKING:
    from faults.runner import Outcome


AGAIN = "events seen again"
"""Over several connections; in one connection a repeat is a fault."""
ACKNOWLEDGED = "acknowledged, p99"
RETURNED = "clients back and caught up, p99"


def measure(story: Story, outcome: "Outcome") -> None:
    outcome.acked = len(story.acks)
    seen = sum(len(events) for one in story.observers.values() for events in one.events.values())
    outcome.pairs = seen - sum(len(one.events) for one in story.observers.values())
    if seen:
        again = 100 * sum(map(_repeats, story.observers.values())) / seen
        outcome.figures.append(Figure.rounded(AGAIN, again, "%", 3, most=0.0))
    if outcome.acked:
        took = [acks[0]["took"] * 1000 for acks in story.acks.values()]
        outcome.figures += _spread("acknowledged", took)
        outcome.figures += _spread("delivered", delays(story))
    if any(one.absences for one in story.observers.values()):
        outcome.figures += _spread("clients back and caught up", returns(story))
    slowest = {name: _slowest(windows, story) for name, windows in story.windows.items()}
    for name, windows in story.windows.items():
        outcome.figures.append(Figure.rounded(name, slowest[name], "ms", most=_bar(windows[0], slowest)))


def _spread(name: str, values: Iterable[float]) -> list[Figure]:
    values = list(values)
    return [Figure.rounded(f"{name}, p{share * 100:g}", percentile(values, share), "ms") for share in (0.5, 0.99)]


def _slowest(windows: list[Record], story: Story) -> float:
    """The 99th percentile of what was begun in any of the windows."""
    return percentile(chain.from_iterable(delays(story, one["since"], one["until"]) for one in windows), 0.99)


def _bar(window: Record, slowest: dict[str, float]) -> float | None:
    return window["most"] if window["than"] is None else math.floor(slowest[window["than"]] * window["times"])


def _repeats(observer: Observer) -> int:
    return sum(len(events) - len({seq for _, seq, *_ in events}) for events in observer.events.values())


def delays(story: Story, since: float = 0.0, until: float = float("inf")) -> Iterator[float]:
    """Milliseconds from the request (of the attempt that was acknowledged) to each first sight of its message,
    of requests begun within a span of time."""
    begun = _begun(story)
    for observer in story.observers.values():
        for events in observer.events.values():
            met: set[int] = set()
            for _, seq, event, id, at in events:
                if event == NEW and seq not in met and since <= begun.get(id, -1.0) < until:
                    yield (at - begun[id]) * 1000
                met.add(seq)


def returns(story: Story) -> Iterator[float]:
    """Milliseconds from the loss of each connection to where the client was back and had seen every message that
    was sent until then."""
    begun = _begun(story)
    for observer in story.observers.values():
        seen: dict[int, list[tuple[float, float]]] = defaultdict(list)
        for events in observer.events.values():
            for number, _, event, id, at in events:
                if event == NEW and id in begun:
                    seen[number].append((begun[id], at))
        for number, gone, back in observer.absences:
            caught_up = max((at for sent, at in seen[number] if sent < back), default=back)
            yield (max(caught_up, back) - gone) * 1000


def _begun(story: Story) -> dict[str, float]:
    """When each message was sent, by its id."""
    return {acks[0]["id"]: acks[0]["begun"] for acks in story.acks.values()}
