"""The heartbeat of one session: a ping at intervals, and a pong in time, or the session ends.

https://socket.io/docs/v4/engine-io-protocol/ ("Heartbeat")
"""

import asyncio
from enum import Enum
from typing import Protocol

from socketio_server.limits import Limits
from socketio_server.timers import TimerQueue

_TOLERANCE = 0.05
"""Seconds by which a timer may fire late before that is a sign that this process was blocked."""


class HeartbeatHost(Protocol):
    """What a heartbeat needs of the server. `heartbeats` calls `on_due` of the session's heartbeat."""

    limits: Limits
    heartbeats: TimerQueue


class HeartbeatAction(Enum):
    """What is to be done when the heartbeat is due."""

    SEND_PING = 1
    TIME_OUT = 2


class Heartbeat:
    """Times are those of the event loop, which is monotonic."""

    __slots__ = ("_due", "_host", "_sid", "awaits_pong")

    def __init__(self, host: HeartbeatHost, sid: str) -> None:
        self._host, self._sid = host, sid
        self.awaits_pong = False
        self._due = 0.0
        """When the next ping is sent, or the pong is missing."""

    def start(self) -> None:
        """Send a ping after the interval."""
        self.awaits_pong = False
        self._schedule(_now() + self._host.limits.ping_interval)

    def pong_received(self) -> None:
        if self.awaits_pong:
            self.start()

    def on_due(self, due: float, *, handling: bool) -> HeartbeatAction | None:
        """`due` is a time that was scheduled, maybe no longer the current one; `handling` says that a handler runs."""
        if due != self._due:
            return None
        if not self.awaits_pong:
            self._expect_pong(due + self._host.limits.ping_timeout)
            return HeartbeatAction.SEND_PING
        if handling:
            return None
        late = _now() - due
        if late > _TOLERANCE:
            # This process was blocked, so the pong may have arrived without being read.
            self._expect_pong(_now() + min(late, self._host.limits.ping_timeout))
            return None
        return HeartbeatAction.TIME_OUT

    def extend(self) -> None:
        """A handler has returned: the pong may have waited behind it, and that time does not count."""
        if self.is_overdue():
            self._expect_pong(_now() + self._host.limits.ping_timeout)

    def is_overdue(self) -> bool:
        """Whether the pong is missing, even if the timer has not fired yet."""
        return self.awaits_pong and _now() >= self._due

    def _expect_pong(self, due: float) -> None:
        self.awaits_pong = True
        self._schedule(due)

    def _schedule(self, due: float) -> None:
        self._due = due
        self._host.heartbeats.add(due, self._sid)


def _now() -> float:
    return asyncio.get_running_loop().time()
