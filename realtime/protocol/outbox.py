"""The packets that wait to leave for one client, counted."""

from collections import deque


class Outbox:
    """First in, first out. A packet stays, and counts, until the transport has handed it on."""

    __slots__ = ("_frames", "_sizes", "_times", "bytes")

    def __init__(self) -> None:
        self._frames: deque[str | bytes] = deque()
        self._sizes: deque[int] = deque()
        self._times: deque[float] = deque()
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._frames)

    def put(self, frame: str | bytes, size: int, now: float) -> None:
        self._frames.append(frame)
        self._sizes.append(size)
        self._times.append(now)
        self.bytes += size

    def head(self) -> str | bytes:
        return self._frames[0]

    def drop_head(self) -> None:
        self._frames.popleft()
        self._times.popleft()
        self.bytes -= self._sizes.popleft()

    def take_all(self) -> list[str | bytes]:
        frames = list(self._frames)
        self.clear()
        return frames

    def clear(self) -> None:
        self._frames.clear()
        self._sizes.clear()
        self._times.clear()
        self.bytes = 0

    def age(self, now: float) -> float:
        """How long the oldest packet has waited, in seconds."""
        return now - self._times[0] if self._times else 0.0
