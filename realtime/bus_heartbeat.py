"""The self-test of the bus: each process sends itself a heartbeat, and reconnects when it hears nothing."""

import time
import uuid
from collections.abc import Callable

import structlog

from realtime.pubsub import CONTROL, Hint, bus

log = structlog.get_logger(__name__)

INTERVAL = 1.0
"""Seconds from one heartbeat to the next."""
RECONNECT_AFTER = 3.0
"""Seconds without any message after which the connection to the layer is opened anew."""
DEAD_AFTER = 10.0
"""Seconds without a heartbeat of its own after which this process is not ready."""


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
        """Whether this process has received a heartbeat of its own lately."""
        return time.monotonic() - self._received_at <= DEAD_AFTER

    async def send(self) -> None:
        """Send a heartbeat; reconnect if none has come back lately."""
        bus.send([Hint.control("beat", process=self._process_id)])
        # A heartbeat may be late behind many other messages: as long as any arrive, the listener is well.
        if time.monotonic() - max(self._received_at, bus.listened_at) > RECONNECT_AFTER:
            if not self._was_silent:
                log.warning("bus_silent")
            self._was_silent = True
            await bus.reopen()

    def receive(self, process_id: str) -> None:
        """A heartbeat has come over the bus, of this process or of another one."""
        if process_id != self._process_id:
            return
        self._received_at = time.monotonic()
        if self._was_silent:
            self._was_silent = False
            self._on_recovered()
