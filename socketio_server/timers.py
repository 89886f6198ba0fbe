"""Moments that are due for many sessions, on one timer of the event loop: of its own each would cost most of a
kilobyte, and more than everything else that a heartbeat does."""

import asyncio
from collections.abc import Callable
from heapq import heappop, heappush

_RESOLUTION = 0.001
"""uvloop counts in milliseconds: a timer may go off that much too early."""


class TimerQueue:
    """Calls `ring(sid, due)` when a moment that was added has come, by the clock of the running event loop, in seconds.

    Nothing is taken back: who is rung for a moment that is not waited for any more does nothing.
    """

    def __init__(self, ring: Callable[[str, float], None]) -> None:
        self._ring = ring
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: list[tuple[float, str]] = []
        self._timer: asyncio.Handle | None = None
        self._first = 0.0
        """What the timer waits for: of a moment that has passed already uvloop's handle does not tell."""

    def add(self, due: float, sid: str) -> None:
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop, self._waiting, self._timer = loop, [], None
        heappush(self._waiting, (due, sid))
        if self._timer is None or due < self._first:
            self._wait()

    def _wait(self) -> None:
        """For the first of them."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        if self._waiting and self._loop is not None:
            self._first = self._waiting[0][0]
            self._timer = self._loop.call_at(self._first, self._come)

    def _come(self) -> None:
        now = asyncio.get_running_loop().time() + _RESOLUTION
        try:
            while self._waiting and self._waiting[0][0] <= now:
                due, sid = heappop(self._waiting)
                self._ring(sid, due)
        finally:  # what fails for one is not the end of all others
            self._wait()
