"""Slow readers: clients that do not read what is sent to them. Their connections are aborted within limits."""

import asyncio
import contextlib
from collections.abc import Callable
from operator import itemgetter
from typing import Protocol

from socketio_server.limits import Limits
from socketio_server.tcp import TCPConnection

_SWEEP_INTERVAL = 0.5


class Reader(Protocol):
    """A session, as far as it is needed here."""

    closing: bool
    closed: bool

    def queued(self) -> tuple[int, int]:
        """Packets and bytes that wait for the client."""

    def stalled_for(self, now: float) -> float:
        """Seconds for which the client has taken nothing of them. Called at regular intervals."""

    def abort(self) -> None:
        """End the session without waiting for the client."""


class SlowReaders:
    """`count` is how many were aborted; `on_slow_reader` is called for each."""

    def __init__(self, limits: Limits, on_slow_reader: Callable[[], None] | None) -> None:
        self.count = 0
        self._limits, self._on_slow_reader = limits, on_slow_reader
        self._readers: set[Reader] = set()
        """Those for which something may be queued."""
        self._in_grace: set[Reader] = set()
        self._responses: list[TCPConnection] = []

    def check(self, reader: Reader) -> None:
        """Abort a session if too much is queued for its client. Called whenever more is."""
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
        """`packets` and `size` are how long the queue was when the grace began."""
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
        """Abort this connection too if the response to a poll, which has left the queue, is not read."""
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
        """Abort those that have taken nothing for too long. Where too much is queued for all clients together, those
        that take nothing do not get so long, the longest queue first."""
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
