"""What one client has to do with the namespaces of the server."""

from dataclasses import dataclass, field
from functools import lru_cache

from socketio_server.engine_socket import EngineSocket
from socketio_server.packets import namespace_of

Frames = list[str | bytes]
Namespaces = frozenset[str]


@lru_cache
def _shared(namespaces: Namespaces) -> Namespaces:
    """One set for all clients that are in the same namespaces, which most of them are."""
    return namespaces


@dataclass(slots=True)
class Peer:
    """`accepted` are the namespaces that the client is in, `left` those that the server put it out of, to which events
    may still be on their way. `deadline` is when one of them has to have accepted it.

    What is sent to a namespace whose connect handler still runs is held until it is decided.
    """

    socket: EngineSocket
    deadline: float = 0.0
    accepted: Namespaces = frozenset()
    left: Namespaces = frozenset()
    held: dict[str, Frames] = field(default_factory=dict)
    _held_bytes: int = 0
    _addressed: str = "/"

    def enter(self, namespace: str) -> None:
        self.accepted = _shared(self.accepted | {namespace})
        self.left -= {namespace}

    def leave(self, namespace: str) -> None:
        self.accepted = _shared(self.accepted - {namespace})

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
        if not self.held:
            self.held = {}  # an emptied dict keeps the memory of what was in it
        return frames
