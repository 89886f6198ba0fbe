"""The interface of transports: the ways in which packets leave for a client.

Each sends the packets of one `SendQueue`. `EngineSocket` calls `flush` after it has queued one, and asks for what the
transport has taken from the queue and the network has not. A further transport is a further class with these methods.
"""

from typing import ClassVar, Literal, Protocol

from engineio import packet as eio

NOOP = str(eio.NOOP)


class BaseTransport(Protocol):
    """What every transport does."""

    name: ClassVar[str]

    def flush(self) -> None:
        """Begin to send what is queued, unless that goes on already."""

    def buffered_bytes(self) -> int:
        """Bytes taken from the queue that the network has not taken."""

    def unsent_packets(self) -> int:
        """Packets that the network has not taken, beside those in the queue."""

    def stalled_for(self, now: float) -> float:
        """Seconds for which the client has taken nothing of what is buffered. Called at regular intervals."""

    def close(self, code: int, timeout: float) -> None:
        """Send what is queued within `timeout` seconds, then close with a WebSocket close code."""

    def abort(self) -> None:
        """Close at once, whether the client reads or not."""


class QueuedTransport(BaseTransport, Protocol):
    """Takes its packets from the queue."""

    immediate: ClassVar[Literal[False]]


class ImmediateTransport(BaseTransport, Protocol):
    """Writes packets at once, so that they never wait in the queue. It passes received frames to the session, and has
    the session check its queue when the network does not take what is written."""

    immediate: ClassVar[Literal[True]]

    def write(self, frame: str | bytes) -> None:
        """Write one packet."""

    def pause_reading(self) -> None:
        """Pass no frames to the session for now."""

    def resume_reading(self) -> None:
        """Pass frames to the session again."""


Transport = QueuedTransport | ImmediateTransport
