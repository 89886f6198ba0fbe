"""The packets that wait to leave for one client, counted."""

from collections import deque

Waiting = deque[tuple[str | bytes, int, float]]

_NOTHING: Waiting = deque(maxlen=0)
"""Of all that are empty: a deque takes more than half a kilobyte, and most clients never need one."""


class Outbox:
    """First in, first out. A packet stays, and counts, until the transport has handed it on."""

    __slots__ = ("_waiting", "bytes")

    def __init__(self) -> None:
        self._waiting = _NOTHING
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, frame: str | bytes, size: int, now: float) -> None:
        if self._waiting is _NOTHING:
            self._waiting = deque()
        self._waiting.append((frame, size, now))
        self.bytes += size

    def head(self) -> str | bytes:
        return self._waiting[0][0]

    def drop_head(self) -> None:
        self.bytes -= self._waiting.popleft()[1]

    def take_all(self) -> list[str | bytes]:
        frames = [frame for frame, _, _ in self._waiting]
        self.clear()
        return frames

    def clear(self) -> None:
        self._waiting = _NOTHING
        self.bytes = 0

    def age(self, now: float) -> float:
        """How long the oldest packet has waited, in seconds."""
        return now - self._waiting[0][2] if self._waiting else 0.0
