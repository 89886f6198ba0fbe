"""The transport of a session over the WebSocket of any ASGI server."""

import asyncio
from typing import ClassVar, Literal

from socketio_server import close_codes
from socketio_server.asgi_websocket import ASGIWebSocket
from socketio_server.send_queue import SendQueue

_MAX_CONSECUTIVE_PACKETS = 64
"""Maximum packets that are sent to one client before other tasks run."""


class WebSocketTransport:
    """Sends packets with a writer task, which runs only while packets are queued."""

    name: ClassVar[str] = "websocket"
    immediate: ClassVar[Literal[False]] = False

    def __init__(self, websocket: ASGIWebSocket, send_queue: SendQueue) -> None:
        self._websocket, self._send_queue = websocket, send_queue
        self._writer: asyncio.Task[None] | None = None
        self._close_code: int | None = None

    def flush(self) -> None:
        if self._writer is None:
            self._writer = asyncio.get_running_loop().create_task(self._write())

    async def _write(self) -> None:
        queue, send = self._send_queue, self._websocket.send_frame
        try:
            while queue:
                for _ in range(min(len(queue), _MAX_CONSECUTIVE_PACKETS)):
                    await send(queue.peek())
                    queue.remove_first()
                if queue:
                    await asyncio.sleep(0)
            if self._close_code is not None:
                await self._websocket.close(self._close_code)
        except Exception:
            # The type of the error depends on the server. It always means that the client has disconnected, and the
            # reader notices that too.
            queue.clear()
        finally:
            self._writer = None

    def buffered_bytes(self) -> int:
        return self._websocket.connection.buffered_bytes()

    def unsent_packets(self) -> int:
        return 0

    def stalled_for(self, now: float) -> float:
        return self._websocket.connection.stalled_for(now)

    def close(self, code: int, timeout: float) -> None:
        if self._close_code is None:
            self._close_code = code
            asyncio.get_running_loop().call_later(timeout, self._close_timed_out)
            self.flush()

    async def wait_flushed(self) -> None:
        """Wait for the writer, because the server closes the connection when the application returns."""
        if self._writer is not None:
            await asyncio.wait({self._writer})

    def _close_timed_out(self) -> None:
        if self._writer is not None or self.buffered_bytes():
            self.abort()

    def abort(self) -> None:
        self._send_queue.clear()
        if self._writer is not None:
            self._writer.cancel()
        if self._websocket.connection.reachable:
            self._websocket.connection.abort()
        else:
            self._close_code, self._writer = close_codes.POLICY_VIOLATION, None
            self.flush()
