"""The namespaces that one client is connected to."""

from dataclasses import dataclass, field
from functools import lru_cache

from socketio_server.engine_socket import EngineSocket
from socketio_server.socket_packets import namespace_of

Frames = list[str | bytes]
Namespaces = frozenset[str]


@lru_cache
def _shared(namespaces: Namespaces) -> Namespaces:
    """Return one shared set for all clients in the same namespaces, because most clients are in the same namespaces."""
    return namespaces


@dataclass(slots=True)
class ClientNamespaces:
    """The namespaces of one client.

    The client is in the namespaces `connected`. The server has disconnected it from the namespaces `disconnected`; the
    client's events for them can still arrive. A namespace must accept the client before `connect_deadline`.

    While a connect handler runs, packets to its namespace are buffered.
    """

    socket: EngineSocket
    connect_deadline: float = 0.0
    connected: Namespaces = frozenset()
    disconnected: Namespaces = frozenset()
    buffers: dict[str, Frames] = field(default_factory=dict)
    _buffered_bytes: int = 0
    _last_namespace: str = "/"

    def connect(self, namespace: str) -> None:
        self.connected = _shared(self.connected | {namespace})
        self.disconnected -= {namespace}

    def disconnect(self, namespace: str) -> None:
        self.connected = _shared(self.connected - {namespace})

    def begin_buffering(self, namespace: str) -> None:
        self.buffers[namespace] = []

    def buffer(self, frame: str | bytes) -> bool:
        """Buffer an encoded Engine.IO packet if its namespace has a buffer. Return whether it was buffered."""
        if isinstance(frame, str):
            # Binary attachments belong to the namespace of the packet that announces them.
            self._last_namespace = namespace_of(frame[1:])
        frames = self.buffers.get(self._last_namespace)
        if frames is None:
            return False
        frames.append(frame)
        self._buffered_bytes += len(frame)
        if self._buffered_bytes > self.socket.server.limits.burst_bytes:
            self.socket.server.slow_readers.abort(self.socket)
        return True

    def end_buffering(self, namespace: str) -> Frames:
        frames = self.buffers.pop(namespace)
        self._buffered_bytes -= sum(map(len, frames))
        if not self.buffers:
            self.buffers = {}  # an emptied dict keeps its memory
        return frames
