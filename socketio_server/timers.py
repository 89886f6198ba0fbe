"""The deadlines of many sessions on one timer of the event loop. A timer for each session would take nearly a kilobyte,
and more work than the rest of a heartbeat."""

import asyncio
from collections.abc import Callable
from heapq import heappop, heappush

_RESOLUTION = 0.001
"""Seconds by which a timer can fire too early, because uvloop counts in milliseconds."""


class TimerQueue:
    """Calls `on_due(sid, due)` at each time that was added. Times are in seconds of the running event loop's clock.

    Times cannot be removed, so `on_due` must ignore outdated times.
    """

    def __init__(self, on_due: Callable[[str, float], None]) -> None:
        self._on_due = on_due
        self._loop: asyncio.AbstractEventLoop | None = None
        self._heap: list[tuple[float, str]] = []
        self._timer: asyncio.Handle | None = None
        self._timer_due = 0.0
        """The time at which the timer fires. uvloop's handle does not return it if the time is in the past."""

    def add(self, due: float, sid: str) -> None:
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop, self._heap, self._timer = loop, [], None
        heappush(self._heap, (due, sid))
        if self._timer is None or due < self._timer_due:
            self._set_timer()

    def _set_timer(self) -> None:
        """Set the timer to the earliest time in the heap."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        if self._heap and self._loop is not None:
            self._timer_due = self._heap[0][0]
            self._timer = self._loop.call_at(self._timer_due, self._fire)

    def _fire(self) -> None:
        now = asyncio.get_running_loop().time() + _RESOLUTION
        try:
            while self._heap and self._heap[0][0] <= now:
                due, sid = heappop(self._heap)
                self._on_due(sid, due)
        finally:  # an error for one session must not stop the others
            self._set_timer()
