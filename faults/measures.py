"""What every history is good for: how much was sent and seen, how late, how often twice."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from faults.checker import NEW
from faults.figures import Figure, percentile
from faults.story import Observer, Story

if TYPE_CHECKING:
    from faults.runner import Outcome


ABSENCE = "clients back after, p99"


def measure(story: Story, outcome: "Outcome") -> None:
    outcome.acked = len(story.acks)
    seen = sum(len(events) for one in story.observers.values() for events in one.events.values())
    outcome.pairs = seen - sum(len(one.events) for one in story.observers.values())
    if seen:
        again = 100 * sum(map(_repeats, story.observers.values())) / seen
        outcome.figures.append(Figure("events seen again", round(again, 3), "%", most=1.0))
    if outcome.acked:
        took = [acks[0]["took"] * 1000 for acks in story.acks.values()]
        outcome.figures += _spread("acknowledged", took)
        outcome.figures += _spread("delivered", delays(story))
    absences = [1000 * absence for one in story.observers.values() for absence in one.absences]
    if absences:
        outcome.figures += _spread("clients back after", absences)
    for window in story.windows:
        lags = list(delays(story, window["since"], window["until"]))
        outcome.figures.append(Figure(window["name"], round(percentile(lags, 0.99)), "ms", most=window["most"]))


def _spread(name: str, values: Iterable[float]) -> list[Figure]:
    values = list(values)
    return [Figure(f"{name}, p{share * 100:g}", round(percentile(values, share)), "ms") for share in (0.5, 0.99)]


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
