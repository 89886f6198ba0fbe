"""Writing straight to the network: the transport of a session whose WebSocket is on picows."""

import asyncio
from functools import cached_property
from typing import ClassVar, Literal

from socketio_server.send_queue import Outbox
from socketio_server.uvicorn_websocket import PicowsProtocol
from socketio_server.websocket_frames import framed


class SharedFrame(str):
    """An Engine.IO text frame that goes to many clients: made into bytes once for all of them."""

    @cached_property
    def wire(self) -> bytes:
        return framed(str(self))


class DirectTransport:
    """Packets are written as they come; what the peer does not take waits in the buffer of the connection."""

    __slots__ = ("_outbox", "_seen", "_since", "_socket", "_write")

    name: ClassVar[str] = "websocket"
    immediate: ClassVar[Literal[True]] = True

    def __init__(self, picows: PicowsProtocol, outbox: Outbox) -> None:
        self._socket, self._outbox, self._write = picows, outbox, picows.out.write
        self._seen = 0
        self._since = 0.0

    def write(self, frame: str | bytes) -> None:
        self._write(frame.wire if type(frame) is SharedFrame else framed(frame))

    def wake(self) -> None:
        """Write what waited for a polling request before the session was upgraded."""
        for frame in self._outbox.take_all():
            self.write(frame)

    def buffered(self) -> int:
        return 0 if self._socket.gone else self._socket.out.buffered()

    def unsent(self) -> int:
        return 0 if self._socket.gone else self._socket.out.unsent()

    def stuck_for(self, now: float) -> float:
        size = self.buffered()
        if size == 0 or size < self._seen or self._seen == 0:
            self._since = now
        self._seen = size
        return now - self._since

    def pause_reading(self) -> None:
        self._socket.pause_reading()

    def resume_reading(self) -> None:
        self._socket.resume_reading()

    def close(self, code: int, within: float) -> None:
        self._socket.close(code)
        if self.buffered():
            asyncio.get_running_loop().call_later(within, self._socket.abort)

    def abort(self) -> None:
        self._outbox.clear()
        self._socket.abort()
