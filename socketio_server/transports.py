"""The interface of transports, which send packets to a client.

Each transport sends the packets of one `SendQueue`. `EngineSocket` calls `flush` after it has queued a packet. It also
asks how much the transport has taken from the queue but not yet sent. To add a transport, write another class with
these methods.
"""

from typing import ClassVar, Literal, Protocol

from engineio import packet as eio

NOOP = str(eio.NOOP)


class BaseTransport(Protocol):
    """The methods of every transport."""

    name: ClassVar[str]

    def flush(self) -> None:
        """Start to send the queued packets, unless the transport is already sending."""

    def buffered_bytes(self) -> int:
        """Return the bytes that were taken from the queue but not yet sent."""

    def unsent_packets(self) -> int:
        """Return the number of packets that were taken from the queue but not yet sent."""

    def stalled_for(self, now: float) -> float:
        """Return the seconds for which the client has read none of the buffered bytes. Called at regular intervals."""

    def close(self, code: int, timeout: float) -> None:
        """Send the queued packets within `timeout` seconds, then close with a WebSocket close code."""

    def abort(self) -> None:
        """Close at once, even if the client does not read."""


class QueuedTransport(BaseTransport, Protocol):
    """A transport that takes its packets from the queue."""

    immediate: ClassVar[Literal[False]]


class ImmediateTransport(BaseTransport, Protocol):
    """A transport that writes packets at once, so that they never wait in the queue. It passes received frames to the
    session. When the network does not take all bytes, it asks the session to check its queue."""

    immediate: ClassVar[Literal[True]]

    def write(self, frame: str | bytes) -> None:
        """Write one packet."""

    def pause_reading(self) -> None:
        """Stop passing frames to the session."""

    def resume_reading(self) -> None:
        """Pass frames to the session again."""


Transport = QueuedTransport | ImmediateTransport
