"""What every history is good for: how much was sent and seen, how late, how often twice."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from faults.checker import NEW
from faults.figures import Figure, percentile
from faults.story import Observer, Story

if TYPE_CHECKING:
    from faults.runner import Outcome


def measure(story: Story, outcome: "Outcome") -> None:
    outcome.acked = len(story.acks)
    seen = sum(len(events) for one in story.observers.values() for events in one.events.values())
    outcome.pairs = seen - sum(len(one.events) for one in story.observers.values())
    outcome.repeats = sum(map(_repeats, story.observers.values())) / seen if seen else 0.0
    if outcome.acked:
        outcome.figures.append(Figure("events seen again", round(100 * outcome.repeats, 3), "%", most=1.0))
        took = [acks[0]["took"] * 1000 for acks in story.acks.values()]
        outcome.figures.append(Figure("acknowledged, p50", round(percentile(took, 0.5), 1), "ms"))
        outcome.figures.append(Figure("acknowledged, p99", round(percentile(took, 0.99), 1), "ms"))
        lags = list(delays(story))
        outcome.figures.append(Figure("delivered, p50", round(percentile(lags, 0.5), 1), "ms"))
        outcome.figures.append(Figure("delivered, p99", round(percentile(lags, 0.99), 1), "ms"))


def _repeats(observer: Observer) -> int:
    return sum(len(events) - len({seq for _, seq, *_ in events}) for events in observer.events.values())


def delays(story: Story, since: float = 0.0, until: float = float("inf")) -> Iterator[float]:
    """Milliseconds from the request (of the attempt that was acknowledged) to each first sight of its message,
    of requests begun within a span of time."""
    begun = {acks[0]["id"]: acks[0]["begun"] for acks in story.acks.values()}
    for observer in story.observers.values():
        for events in observer.events.values():
            met: set[int] = set()
            for _, seq, event, id, at in events:
                if event == NEW and seq not in met and since <= begun.get(id, -1.0) < until:
                    yield (at - begun[id]) * 1000
                met.add(seq)
