"""The packets that wait to be sent to one client, with their number and size."""

from collections import deque

Packets = deque[tuple[str | bytes, int, float]]
"""The queued packets: the frame of each, its size in bytes, and the time at which it was queued."""

_EMPTY: Packets = deque(maxlen=0)
"""Shared by all empty queues, because a deque takes more than half a kilobyte and most clients never need one."""


class SendQueue:
    """A first-in, first-out queue. A packet stays in the queue, and counts, until the transport has sent it."""

    __slots__ = ("_packets", "bytes")

    def __init__(self) -> None:
        self._packets = _EMPTY
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._packets)

    def put(self, frame: str | bytes, size: int, now: float) -> None:
        if self._packets is _EMPTY:
            self._packets = deque()
        self._packets.append((frame, size, now))
        self.bytes += size

    def peek(self) -> str | bytes:
        return self._packets[0][0]

    def remove_first(self) -> None:
        self.bytes -= self._packets.popleft()[1]

    def pop_all(self) -> list[str | bytes]:
        frames = [frame for frame, _, _ in self._packets]
        self.clear()
        return frames

    def clear(self) -> None:
        self._packets = _EMPTY
        self.bytes = 0

    def age(self, now: float) -> float:
        """Return how long the oldest packet has waited, in seconds."""
        return now - self._packets[0][2] if self._packets else 0.0
