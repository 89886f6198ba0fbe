"""The heartbeat of one session: the server pings at intervals, and ends the session if the pong is late.

https://socket.io/docs/v4/engine-io-protocol/ ("Heartbeat")
"""

import asyncio
from enum import Enum
from typing import Protocol

from socketio_server.limits import Limits
from socketio_server.timers import TimerQueue

_TOLERANCE = 0.05
"""Seconds. A timer that fires later than this shows that the process was blocked."""


class HeartbeatHost(Protocol):
    """The parts of the server that a heartbeat uses. `heartbeats` calls `on_due` of the session's heartbeat."""

    limits: Limits
    heartbeats: TimerQueue


class HeartbeatAction(Enum):
    """The action that follows when a heartbeat is due."""

    SEND_PING = 1
    TIME_OUT = 2


class Heartbeat:
    """The heartbeat of one session. Its times are monotonic: they are read from the event loop's clock."""

    __slots__ = ("_due", "_host", "_sid", "awaits_pong")

    def __init__(self, host: HeartbeatHost, sid: str) -> None:
        self._host, self._sid = host, sid
        self.awaits_pong = False
        self._due = 0.0
        """The time when the next ping must be sent, or, after a ping, the time by which the pong must arrive."""

    def start(self) -> None:
        """Schedule a ping after `ping_interval`."""
        self.awaits_pong = False
        self._schedule(_now() + self._host.limits.ping_interval)

    def pong_received(self) -> None:
        if self.awaits_pong:
            self.start()

    def on_due(self, due: float, *, handling: bool) -> HeartbeatAction | None:
        """Return the action for a scheduled time, or None.

        If `due` is outdated, nothing happens. `handling` says whether a handler of the session is running.
        """
        if due != self._due:
            return None
        if not self.awaits_pong:
            self._expect_pong(due + self._host.limits.ping_timeout)
            return HeartbeatAction.SEND_PING
        if handling:
            return None
        late = _now() - due
        if late > _TOLERANCE:
            # The process was blocked, so the pong can have arrived without being read.
            self._expect_pong(_now() + min(late, self._host.limits.ping_timeout))
            return None
        return HeartbeatAction.TIME_OUT

    def extend(self) -> None:
        """Give the client more time after a handler has returned, because the pong can have waited for the handler."""
        if self.is_overdue():
            self._expect_pong(_now() + self._host.limits.ping_timeout)

    def is_overdue(self) -> bool:
        """Whether the pong is late, even if the timer has not fired yet."""
        return self.awaits_pong and _now() >= self._due

    def _expect_pong(self, due: float) -> None:
        self.awaits_pong = True
        self._schedule(due)

    def _schedule(self, due: float) -> None:
        self._due = due
        self._host.heartbeats.add(due, self._sid)


def _now() -> float:
    return asyncio.get_running_loop().time()
