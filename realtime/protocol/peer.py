"""What one client has to do with the namespaces of the server."""

import asyncio
from dataclasses import dataclass, field

from realtime.protocol.engine_socket import EngineSocket
from realtime.protocol.packets import namespace_of

Frames = list[str | bytes]


@dataclass(slots=True)
class Peer:
    """`left` are the namespaces that the server put the client out of, to which events may still be on their way.

    What is sent to a namespace whose connect handler still runs is held until it is decided.
    """

    socket: EngineSocket
    deadline: asyncio.TimerHandle | None = None
    accepted: set[str] = field(default_factory=set)
    left: set[str] = field(default_factory=set)
    held: dict[str, Frames] = field(default_factory=dict)
    _held_bytes: int = 0
    _addressed: str = "/"

    def begin_hold(self, namespace: str) -> None:
        self.held[namespace] = []

    def hold(self, frame: str | bytes) -> bool:
        """Whether this encoded Engine.IO frame is to wait, and does."""
        if isinstance(frame, str):
            # Binary attachments go where the packet went that announces them.
            self._addressed = namespace_of(frame[1:])
        frames = self.held.get(self._addressed)
        if frames is None:
            return False
        frames.append(frame)
        self._held_bytes += len(frame)
        if self._held_bytes > self.socket.server.limits.burst_bytes:
            self.socket.cut_slow_reader()
        return True

    def end_hold(self, namespace: str) -> Frames:
        frames = self.held.pop(namespace)
        self._held_bytes -= sum(map(len, frames))
        return frames
