"""The transport of a session whose WebSocket runs on picows: it writes to the network directly."""

import asyncio
from functools import cached_property
from typing import ClassVar, Literal

from socketio_server.send_queue import SendQueue
from socketio_server.tcp import StallTimer
from socketio_server.uvicorn_websocket import PicowsProtocol
from socketio_server.websocket_frames import encode_message


class SharedFrame(str):
    """An Engine.IO text frame for many clients: encoded once for all of them."""

    @cached_property
    def encoded(self) -> bytes:
        return encode_message(str(self))


class DirectTransport(StallTimer):
    """Writes packets at once. Bytes that the client does not read wait in the connection's write buffer."""

    __slots__ = ("_picows", "_send_queue", "_write")

    name: ClassVar[str] = "websocket"
    immediate: ClassVar[Literal[True]] = True

    def __init__(self, picows: PicowsProtocol, send_queue: SendQueue) -> None:
        super().__init__()
        self._picows, self._send_queue, self._write = picows, send_queue, picows.writer.write

    def write(self, frame: str | bytes) -> None:
        self._write(frame.encoded if type(frame) is SharedFrame else encode_message(frame))

    def flush(self) -> None:
        """Write the packets that were queued for polling before the session was upgraded."""
        for frame in self._send_queue.pop_all():
            self.write(frame)

    def buffered_bytes(self) -> int:
        return 0 if self._picows.disconnected else self._picows.writer.buffered_bytes()

    def unsent_packets(self) -> int:
        return 0 if self._picows.disconnected else self._picows.writer.unsent_frames()

    def pause_reading(self) -> None:
        self._picows.pause_reading()

    def resume_reading(self) -> None:
        self._picows.resume_reading()

    def close(self, code: int, timeout: float) -> None:
        self._picows.close(code)
        if self.buffered_bytes():
            asyncio.get_running_loop().call_later(timeout, self._picows.abort)

    def abort(self) -> None:
        self._send_queue.clear()
        self._picows.abort()
