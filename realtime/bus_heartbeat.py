"""The self-test of the bus: each process sends itself a heartbeat, and reconnects if it receives nothing."""

import time
import uuid
from collections.abc import Callable

import structlog

from realtime.pubsub import CONTROL, Hint, bus

log = structlog.get_logger(__name__)

INTERVAL = 1.0
"""Seconds from one heartbeat to the next."""
RECONNECT_AFTER = 3.0
"""The connection to the channel layer is reopened after this many seconds without any message."""
DEAD_AFTER = 10.0
"""This process is not ready after this many seconds without its own heartbeat."""


class BusHeartbeat:
    def __init__(self, process_id: uuid.UUID, on_recovered: Callable[[], None]) -> None:
        """`on_recovered()` is called when a heartbeat arrives after the bus was silent."""
        self._process_id, self._on_recovered = str(process_id), on_recovered
        self._received_at = 0.0
        self._was_silent = False

    async def start(self) -> None:
        self._received_at = time.monotonic()
        await bus.join(CONTROL)

    @property
    def is_alive(self) -> bool:
        """Whether this process has recently received its own heartbeat."""
        return time.monotonic() - self._received_at <= DEAD_AFTER

    async def send(self) -> None:
        """Send a heartbeat. Reconnect if the bus has been silent for too long."""
        bus.send([Hint.control("beat", process=self._process_id)])
        # Many other messages can delay a heartbeat. The listener works as long as any message arrives.
        if time.monotonic() - max(self._received_at, bus.listened_at) > RECONNECT_AFTER:
            if not self._was_silent:
                log.warning("bus_silent")
            self._was_silent = True
            await bus.reopen()

    def receive(self, process_id: str) -> None:
        """Handle a heartbeat from the bus. The heartbeats of other processes are ignored."""
        if process_id != self._process_id:
            return
        self._received_at = time.monotonic()
        if self._was_silent:
            self._was_silent = False
            self._on_recovered()
