"""A history, sorted by what it tells of."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from faults.history import Record

Seen = tuple[int, int, str, str | None, float]
"""An event at a client: the number of its connection, `seq`, name, id, and when."""


Absence = tuple[int, float, float]
"""When a client had gone, and when it was back, with the number of its connection since."""


@dataclass(eq=False)
class Observer:
    """What one client saw, by room, in order of arrival; `starts` is where it joined."""

    name: str
    user: str
    wanders: bool = False
    events: dict[str, list[Seen]] = field(default_factory=lambda: defaultdict(list))
    about: list[tuple[str, str, float]] = field(default_factory=list)
    """Event, conversation and time of everything that tells of a conversation."""
    times: list[float] = field(default_factory=list)
    starts: dict[str, int] = field(default_factory=dict)
    replays: dict[str, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))
    unrecovered: int = 0
    returns: int = 0
    resets: int = 0
    arrivals: list[int] = field(default_factory=list)
    gone_at: float | None = None
    absences: list[Absence] = field(default_factory=list)
    early: int = 0
    ended: str | None = None
    stopped: bool = False


@dataclass
class Story:
    """A history, sorted by what it tells of."""

    observers: dict[str, Observer] = field(default_factory=dict)
    acks: dict[str, list[Record]] = field(default_factory=lambda: defaultdict(list))
    refusals: list[Record] = field(default_factory=list)
    removals: list[Record] = field(default_factory=list)
    revocations: list[Record] = field(default_factory=list)
    strangers: list[Record] = field(default_factory=list)
    windows: dict[str, list[Record]] = field(default_factory=dict)
    """By their names."""
    sizes: dict[str, list[Record]] = field(default_factory=lambda: defaultdict(list))


def tell(records: Iterable[Record]) -> Story:
    story = Story()
    for record in records:
        _TELL.get(record["kind"], _ignore)(story, record)
    return story


def _ignore(story: Story, record: Record) -> None:
    """Notes of what the harness did, for people."""


def _client(story: Story, record: Record) -> None:
    story.observers[record["client"]] = Observer(record["client"], record["user"], record["wanders"])


def _connected(story: Story, record: Record) -> None:
    observer = story.observers[record["client"]]
    if observer.gone_at is not None:
        observer.absences.append((record["connection"], observer.gone_at, record["t"]))
        observer.gone_at = None
    if record["connection"] > 1:
        observer.returns += 1
        observer.unrecovered += not record["recovered"]


def _disconnected(story: Story, record: Record) -> None:
    story.observers[record["client"]].gone_at = record["t"]


def _joined(story: Story, record: Record) -> None:
    observer, room = story.observers[record["client"]], record["room"]
    observer.resets += bool(record["reset"])
    observer.starts.setdefault(room, record["seq"])
    if record["after"] is not None:
        observer.replays[room].append((record["connection"], record["after"]))


def _event(story: Story, record: Record) -> None:
    observer = story.observers[record["client"]]
    observer.arrivals.append(record["n"])
    observer.times.append(record["t"])
    if record["conversation"] is not None:
        observer.about.append((record["event"], record["conversation"], record["t"]))
    if record["seq"] is not None:
        seen = (record["connection"], record["seq"], record["event"], record["id"], record["t"])
        observer.events[record["room"]].append(seen)


def _early(story: Story, record: Record) -> None:
    story.observers[record["client"]].early += 1


def _stopped(story: Story, record: Record) -> None:
    story.observers[record["client"]].stopped = True


def _ended(story: Story, record: Record) -> None:
    story.observers[record["client"]].ended = record["reason"]


_TELL = {
    "client": _client,
    "connected": _connected,
    "disconnected": _disconnected,
    "joined": _joined,
    "event": _event,
    "early": _early,
    "stopped": _stopped,
    "ended": _ended,
    "ack": lambda story, record: story.acks[record["client_message_id"]].append(record),
    "refused": lambda story, record: story.refusals.append(record),
    "removed": lambda story, record: story.removals.append(record),
    "revoked": lambda story, record: story.revocations.append(record),
    "stranger": lambda story, record: story.strangers.append(record),
    "window": lambda story, record: story.windows.setdefault(record["name"], []).append(record),
    "size": lambda story, record: story.sizes[record["process"]].append(record),
}
