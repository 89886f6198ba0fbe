"""The cases of the benchmarks, and the scales of a run."""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks import targets as t


@dataclass(frozen=True)
class Scale:
    """The size of a run; durations are in seconds. `messages` has the lengths of the histories of the case `reads`,
    `events` the number of events of the case `retention`, `megapixels` and `megabytes` the sizes of the pictures and
    of the video of the case `decoding`, `people` the number of people of the case `search`."""

    rounds: int
    warmup: float
    measure: float
    room: int
    pairs: int
    many_pairs: int
    rate: int
    idle: int
    hold: float
    messages: tuple[int, ...]
    reads: int
    rest: float
    events: int
    megapixels: int
    megabytes: int
    people: int

    @property
    def max_pairs(self) -> int:
        return max(self.pairs, self.many_pairs, self.idle // 2)


FULL = Scale(
    5, 2, 8, 500, 100, 1000, 500, 10_000, 5, (10_000, 1_000_000, 10_000_000), 100, 8, 1_000_000, 40, 300, 200_000
)
QUICK = Scale(1, 1, 3, 500, 100, 1000, 500, 2000, 4, (10_000, 100_000), 50, 3, 100_000, 12, 50, 20_000)
TINY = Scale(1, 0.2, 0.5, 10, 4, 6, 40, 20, 3, (2000, 4000), 3, 3, 2000, 1, 1, 200)


@dataclass(frozen=True)
class Metric:
    """One number of a result. `threshold` is for the ratio of the first target to the Node peer: the minimum if higher
    is better, the maximum if lower is better."""

    name: str
    label: str
    higher_is_better: bool = True
    threshold: float | None = None


@dataclass(frozen=True)
class LoadCase:
    """A case of the load generator. The first target is compared with the others."""

    name: str
    title: str
    targets: tuple[t.Target, ...]
    options: Callable[[Scale], list[str]]
    metrics: tuple[Metric, ...]


def _timed(scale: Scale) -> list[str]:
    return ["--warmup", str(scale.warmup), "--measure", str(scale.measure)]


def _room(scale: Scale) -> list[str]:
    return ["room", "--sockets", str(scale.room), "--window", "8", *_timed(scale)]


def _pairs(count: int, scale: Scale) -> list[str]:
    return ["pairs", "--pairs", str(count), "--notifications", *_timed(scale)]


def _rate(count: int, rate: int, scale: Scale) -> list[str]:
    return ["rate", "--pairs", str(count), "--rate", str(rate), "--notifications", *_timed(scale)]


def _idle(scale: Scale) -> list[str]:
    return ["idle", "--sockets", str(scale.idle), "--hold", str(scale.hold), "--reconnect"]


_STORED = (t.STOORY, t.NODE, t.PYTHON)
_DELIVERIES = (Metric("deliveries_per_second", "deliveries/s", threshold=2.0),)
_MESSAGES = (
    Metric("messages_per_second", "messages/s", threshold=2.0),
    Metric("delivery_p50_ms", "delivery p50, ms", higher_is_better=False),
    Metric("delivery_p99_ms", "delivery p99, ms", higher_is_better=False),
)
_LATENCIES = (
    Metric("delivery_p50_ms", "delivery p50, ms", higher_is_better=False),
    Metric("delivery_p99_ms", "delivery p99, ms", higher_is_better=False, threshold=1.0),
)

LOAD_CASES = (
    LoadCase(
        "room",
        "One room, one sender, nothing stored",
        (t.STOORY_RELAY, t.NODE_RELAY, t.PYTHON_RELAY, t.CHANNELS),
        _room,
        _DELIVERIES,
    ),
    LoadCase(
        "room-stored",
        "One room, one sender, each message stored",
        (t.STOORY, t.NODE, t.PYTHON),
        _room,
        (Metric("deliveries_per_second", "deliveries/s"),),
    ),
    LoadCase("pairs", "Pairs, each message stored", _STORED, lambda s: _pairs(s.pairs, s), _MESSAGES),
    LoadCase(
        "many-pairs",
        "Ten times as many pairs, each message stored",
        _STORED,
        lambda s: _pairs(s.many_pairs, s),
        _MESSAGES,
    ),
    LoadCase(
        "rate",
        "Pairs at a fixed rate, each message stored",
        _STORED,
        lambda s: _rate(s.pairs, s.rate, s),
        _LATENCIES,
    ),
    LoadCase(
        "double-rate",
        "Pairs at twice that rate, each message stored",
        _STORED,
        lambda s: _rate(s.pairs, 2 * s.rate, s),
        _LATENCIES,
    ),
    LoadCase(
        "many-rate",
        "Ten times as many pairs at the first rate, each message stored",
        _STORED,
        lambda s: _rate(s.many_pairs, s.rate, s),
        _LATENCIES,
    ),
    LoadCase(
        "two-processes",
        "Pairs over two processes with Redis, each message stored",
        (t.STOORY_TWO, t.NODE_TWO, t.PYTHON_TWO),
        lambda s: _pairs(s.pairs, s),
        (Metric("messages_per_second", "messages/s", threshold=1.5), *_MESSAGES[1:]),
    ),
    LoadCase(
        "idle",
        "Sockets connect with a token, join their rooms, stay idle, are dropped, and reconnect with recovery",
        (t.STOORY, t.NODE),
        _idle,
        (
            Metric("connects_per_second", "connects/s", threshold=1.5),
            Metric("joins_per_second", "joins/s"),
            Metric("kib_per_socket", "KiB a socket", higher_is_better=False),
            Metric("recovery_seconds", "all recovered, s", higher_is_better=False),
        ),
    ),
)
