"""The faults of the stand-in: each affects one request."""

import threading
from dataclasses import dataclass, field

LONG = 60


@dataclass(frozen=True)
class Fault:
    """A request that goes wrong."""


@dataclass(frozen=True)
class Away(Fault):
    """The connection is closed before the request takes effect."""


@dataclass(frozen=True)
class LostAnswer(Fault):
    """The request takes effect, but the connection is closed before the answer."""


@dataclass(frozen=True)
class Status(Fault):
    """The request is answered with this status and takes no effect. `should_retry` is the header
    `Stripe-Should-Retry`."""

    status: int
    should_retry: bool | None = None


@dataclass(frozen=True)
class Garbage(Fault):
    """The request takes effect, but the answer has this body, repeated `times`."""

    body: bytes
    status: int = 200
    times: int = 1


@dataclass(frozen=True)
class Slow(Fault):
    """The request takes effect, but the answer waits until `release` is called."""

    asked: threading.Event = field(default_factory=threading.Event)
    may_answer: threading.Event = field(default_factory=threading.Event)

    def release(self) -> None:
        self.may_answer.set()

    def wait(self) -> None:
        self.asked.set()
        self.may_answer.wait(LONG)


@dataclass(frozen=True)
class Dripping(Slow):
    """The answer arrives byte by byte, and never ends until `release` is called."""
