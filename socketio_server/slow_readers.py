"""Slow readers: clients that do not read the packets sent to them. Connections over the limits are aborted."""

import asyncio
import contextlib
from collections.abc import Callable
from operator import itemgetter
from typing import Protocol

from socketio_server.limits import Limits
from socketio_server.tcp import TCPConnection

_SWEEP_INTERVAL = 0.5


class Reader(Protocol):
    """The parts of a session that `SlowReaders` uses."""

    closing: bool
    closed: bool

    def queued(self) -> tuple[int, int]:
        """Return the packets and the bytes that wait for the client."""

    def stalled_for(self, now: float) -> float:
        """Return the seconds for which the client has read nothing. Called at regular intervals."""

    def abort(self) -> None:
        """End the session without waiting for the client."""


class SlowReaders:
    """The sessions with queued packets. `count` is the number of aborted connections; `on_slow_reader` is called for
    each of them."""

    def __init__(self, limits: Limits, on_slow_reader: Callable[[], None] | None) -> None:
        self.count = 0
        self._limits, self._on_slow_reader = limits, on_slow_reader
        self._readers: set[Reader] = set()
        """The sessions that can have queued packets."""
        self._in_grace: set[Reader] = set()
        self._responses: list[TCPConnection] = []

    def check(self, reader: Reader) -> None:
        """Abort a session if too much is queued for its client. Call it each time a packet was queued."""
        self._readers.add(reader)
        limits = self._limits
        packets, size = reader.queued()
        if packets > limits.queue_packets or size > limits.queue_bytes:
            if packets > limits.burst_packets or size > limits.burst_bytes:
                self.abort(reader)
            elif reader not in self._in_grace:
                self._give_grace(reader, packets, size)

    def _give_grace(self, reader: Reader, packets: int, size: int) -> None:
        self._in_grace.add(reader)
        asyncio.get_running_loop().call_later(self._limits.queue_grace, self._end_grace, reader, packets, size)

    def _end_grace(self, reader: Reader, packets: int, size: int) -> None:
        """Abort the session if its queue is still too long and no shorter than `packets` and `size` were before."""
        self._in_grace.discard(reader)
        if reader.closing:
            return
        queued_packets, queued_bytes = reader.queued()
        if queued_packets <= self._limits.queue_packets and queued_bytes <= self._limits.queue_bytes:
            return
        if queued_packets < packets or queued_bytes < size:
            self._give_grace(reader, queued_packets, queued_bytes)
        else:
            self.abort(reader)

    def abort(self, reader: Reader) -> None:
        if not reader.closing:
            self._report()
            reader.abort()

    def _report(self) -> None:
        self.count += 1
        if self._on_slow_reader is not None:
            self._on_slow_reader()

    def watch_response(self, connection: TCPConnection) -> None:
        """Abort this connection too if the client does not read the response to its poll, which is no longer queued."""
        if connection.buffered_bytes():
            self._responses.append(connection)

    async def sweep_until(self, stopped: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        while not stopped.is_set():
            self._sweep(loop.time())
            self._responses = [one for one in self._responses if self._is_unread(one, loop.time())]
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopped.wait(), _SWEEP_INTERVAL)

    def _sweep(self, now: float) -> None:
        """Abort the sessions whose clients have read nothing for too long. If too much is queued for all clients
        together, clients that read nothing are aborted earlier, the longest queue first."""
        total, idle = 0, []
        for reader in list(self._readers):
            seconds, size = reader.stalled_for(now), reader.queued()[1]
            if not size or reader.closed:
                self._readers.discard(reader)
                continue
            if seconds > self._limits.queue_stall:
                self.abort(reader)
                continue
            total += size
            if seconds >= self._limits.queue_grace:
                idle.append((size, reader))
        for size, reader in sorted(idle, key=itemgetter(0), reverse=True):
            if total <= self._limits.total_bytes:
                break
            self.abort(reader)
            total -= size

    def _is_unread(self, connection: TCPConnection, now: float) -> bool:
        if connection.stalled_for(now) > self._limits.queue_stall:
            self._report()
            connection.abort()
            return False
        return connection.buffered_bytes() > 0
