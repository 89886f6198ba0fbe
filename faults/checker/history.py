"""The history of a run, parsed from its records and grouped by client, message and process."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from faults.recorder import Record

SeenEvent = tuple[int, int, str, str | None, float]
"""An event that a client received: the number of the connection, `seq`, name, id, time."""

Absence = tuple[int, float, float]
"""A time without a connection: the number of the next connection, the time of the loss, the time of the reconnect."""


@dataclass(eq=False)
class Observer:
    """The events that one client received, by room, in order of arrival. `starts` has the `seq` at which the client
    joined each room."""

    name: str
    user: str
    may_miss_events: bool = False
    events: dict[str, list[SeenEvent]] = field(default_factory=lambda: defaultdict(list))
    about: list[tuple[str, str, float]] = field(default_factory=list)
    """The name, conversation and time of every event about a conversation."""
    times: list[float] = field(default_factory=list)
    starts: dict[str, int] = field(default_factory=dict)
    replays: dict[str, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))
    unrecovered: int = 0
    reconnects: int = 0
    resets: int = 0
    arrivals: list[int] = field(default_factory=list)
    disconnected_at: float | None = None
    absences: list[Absence] = field(default_factory=list)
    early: int = 0
    ended: str | None = None
    stopped: bool = False


@dataclass
class History:
    """The observers by name, `acks` by `client_message_id`, `windows` by name, and resource `usages` by process."""

    observers: dict[str, Observer] = field(default_factory=dict)
    acks: dict[str, list[Record]] = field(default_factory=lambda: defaultdict(list))
    refusals: list[Record] = field(default_factory=list)
    removals: list[Record] = field(default_factory=list)
    revocations: list[Record] = field(default_factory=list)
    attacks: list[Record] = field(default_factory=list)
    windows: dict[str, list[Record]] = field(default_factory=dict)
    usages: dict[str, list[Record]] = field(default_factory=lambda: defaultdict(list))


def parse(records: Iterable[Record]) -> History:
    history = History()
    for record in records:
        _PARSERS.get(record["kind"], _ignore)(history, record)
    return history


def _ignore(history: History, record: Record) -> None:
    """Ignore a record that only people read, such as an injected fault."""


def _client(history: History, record: Record) -> None:
    history.observers[record["client"]] = Observer(record["client"], record["user"], record["may_miss_events"])


def _connected(history: History, record: Record) -> None:
    observer = history.observers[record["client"]]
    if observer.disconnected_at is not None:
        observer.absences.append((record["connection"], observer.disconnected_at, record["t"]))
        observer.disconnected_at = None
    if record["connection"] > 1:
        observer.reconnects += 1
        observer.unrecovered += not record["recovered"]


def _disconnected(history: History, record: Record) -> None:
    history.observers[record["client"]].disconnected_at = record["t"]


def _joined(history: History, record: Record) -> None:
    observer, room = history.observers[record["client"]], record["room"]
    observer.resets += bool(record["reset"])
    observer.starts.setdefault(room, record["seq"])
    if record["after"] is not None:
        observer.replays[room].append((record["connection"], record["after"]))


def _event(history: History, record: Record) -> None:
    observer = history.observers[record["client"]]
    observer.arrivals.append(record["n"])
    observer.times.append(record["t"])
    if record["conversation"] is not None:
        observer.about.append((record["event"], record["conversation"], record["t"]))
    if record["seq"] is not None:
        seen = (record["connection"], record["seq"], record["event"], record["id"], record["t"])
        observer.events[record["room"]].append(seen)


def _early(history: History, record: Record) -> None:
    history.observers[record["client"]].early += 1


def _stopped(history: History, record: Record) -> None:
    history.observers[record["client"]].stopped = True


def _ended(history: History, record: Record) -> None:
    history.observers[record["client"]].ended = record["reason"]


_PARSERS = {
    "client": _client,
    "connected": _connected,
    "disconnected": _disconnected,
    "joined": _joined,
    "event": _event,
    "early": _early,
    "stopped": _stopped,
    "ended": _ended,
    "ack": lambda history, record: history.acks[record["client_message_id"]].append(record),
    "refused": lambda history, record: history.refusals.append(record),
    "removed": lambda history, record: history.removals.append(record),
    "revoked": lambda history, record: history.revocations.append(record),
    "attack": lambda history, record: history.attacks.append(record),
    "window": lambda history, record: history.windows.setdefault(record["name"], []).append(record),
    "usage": lambda history, record: history.usages[record["process"]].append(record),
}
