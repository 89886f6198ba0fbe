"""WebSockets under uvicorn on picows: what `HttpProtocol` makes of a request for an upgrade.

To an application it is an ASGI WebSocket like any other. Beyond that the application may `attach` to it once it is
accepted: frames then come as calls and leave as writes, with no message, task or queue in between, and the ASGI
call may return while the connection goes on. RFC 6455 is kept; extensions (deflate) are not offered.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, ClassVar

from picows import WSAutoPingStrategy, WSCloseCode
from picows.picows import WSProtocol  # type: ignore[attr-defined]  # missing in the stubs

from socketio_server.limits import Limits
from socketio_server.picows_transport import PicowsWire
from socketio_server.tcp import cut
from socketio_server.websocket_frames import Frame, Listener, close_frame, framed
from socketio_server.websocket_handshake import read_handshake
from socketio_server.write_coalescing import TurnWriter

_QUIET = logging.LoggerAdapter(logging.Logger("silent", level=logging.CRITICAL + 1))
"""picows logs frames and reasons; what it is given here is not heard. Of a plain logger it makes one more for each
connection."""

_READ_BUFFER = 512
_READ = 65_536
"""Bytes read at once: picows doubles its buffer each time that one read fills it."""
_HIGH_WATER = 64
"""Frames that may wait for an ASGI application before reading is paused."""
_CLOSE_TIMEOUT = 5.0

_NORMAL, _RESTART = 1000, 1012


class PicowsProtocol(WSProtocol):  # type: ignore[misc]
    """A connection that asked for an upgrade, with the `config` and the `server_state` of uvicorn.

    `on_shutdown` is called for each attached connection when uvicorn goes down; the callee closes them.
    """

    on_shutdown: ClassVar[Callable[[], None] | None] = None

    def __init__(self, config: Any, server_state: Any) -> None:
        self._listener_object = Listener(self)
        self.max_frame = self.max_message = config.ws_max_size
        self.max_fragments = Limits.max_fragments
        super().__init__(
            host_port=None,
            ws_path=None,
            is_client_side=False,
            ws_listener_factory=lambda request: self._listener_object,
            logger=_QUIET,
            disconnect_on_exception=True,
            websocket_handshake_timeout=None,
            enable_auto_ping=False,
            auto_ping_idle_timeout=0,
            auto_ping_reply_timeout=0,
            auto_ping_strategy=WSAutoPingStrategy.PING_WHEN_IDLE,
            enable_auto_pong=True,
            max_frame_size=config.ws_max_size,
            extra_headers=None,
            read_buffer_init_size=_READ_BUFFER,
        )
        self._config, self._state = config, server_state
        self._events: deque[dict[str, Any]] | None = deque([{"type": "websocket.connect"}])
        self._wakeup: asyncio.Future[None] | None = None
        self._close_timer: asyncio.TimerHandle | None = None
        self._on_frame: Callable[[Frame], None] | None = None
        self._on_lost: Callable[[], None] | None = None
        self._response: list[bytes] = []
        self.accepted = self.closing = self.gone = False
        self._full: asyncio.Event | None = None
        """Set when the network takes more again; None while it does."""

    # From uvicorn

    def connection_made(self, transport: asyncio.Transport) -> None:
        self.wire = transport
        self.out = TurnWriter(transport)
        super().connection_made(PicowsWire(transport, self.out))
        self._state.connections.add(self)

    def begin(self, request: Mapping[str, Any], target: bytes) -> None:
        """Have the application asked; see `read_handshake`. Nothing more is read until it has accepted."""
        self.wire.pause_reading()
        try:
            scope, self._key = read_handshake(request, target)
        except ValueError as fault:
            self._answer(HTTPStatus.BAD_REQUEST, [], str(fault).encode())
            return
        task = asyncio.get_running_loop().create_task(self._run(scope))
        self._state.tasks.add(task)
        task.add_done_callback(self._state.tasks.discard)

    def get_buffer(self, size_hint: int) -> memoryview:
        free = super().get_buffer(size_hint)
        if len(free) <= 4 * max(_READ, self.max_frame):
            return free[:_READ]
        # More than a begun frame can need: picows has refused one, and reads on until it closes. Not paused in here,
        # where libuv is about to read and would call what pausing has taken away.
        asyncio.get_running_loop().call_soon(self.pause_reading)
        return free[:1]

    def data_received(self, data: bytes) -> None:
        """Bytes come by `get_buffer`. Without this uvloop keeps the method of the protocol before, and with it that."""

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._state.connections.discard(self)
        if self._close_timer is not None:
            self._close_timer.cancel()
        self.lost()

    def shutdown(self) -> None:
        """uvicorn goes down: closed at once, unless the application does it more gently."""
        if self._on_frame is not None and PicowsProtocol.on_shutdown is not None:
            PicowsProtocol.on_shutdown()  # of the class: of an instance it could be taken for a method
        elif self.accepted:
            self.close(_RESTART)
        else:
            self._answer(HTTPStatus.SERVICE_UNAVAILABLE, [], b"")

    # ASGI

    async def _run(self, scope: dict[str, Any]) -> None:
        try:
            await self._config.loaded_app(scope, self.receive, self.send)
        except Exception:
            logging.getLogger("uvicorn.error").exception("Exception in ASGI application")
            if not self.accepted:
                self._answer(HTTPStatus.INTERNAL_SERVER_ERROR, [], b"Internal Server Error")
        finally:
            if self._on_frame is None and not self.closing:
                self.close(_NORMAL)

    async def receive(self) -> dict[str, Any]:
        while not self._events:
            if self.gone:
                return {"type": "websocket.disconnect", "code": 1006}
            self._wakeup = asyncio.get_running_loop().create_future()
            await self._wakeup
        event = self._events.popleft()
        if len(self._events) == _HIGH_WATER // 2:
            self.resume_reading()
        return event

    async def send(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        if kind == "websocket.accept":
            self._accept()
        elif kind == "websocket.send":
            if self.gone or self.closing:
                raise ConnectionResetError
            text = message.get("text")
            self.write(framed(text if text is not None else message["bytes"]))
            self.out.flush()
            if self._full is not None:
                await self._full.wait()
        elif kind == "websocket.close":
            self._refuse_or_close(message.get("code", _NORMAL))
        elif kind == "websocket.http.response.start":
            self._response = [b"%s: %s\r\n" % header for header in message["headers"]]
            self._status = HTTPStatus(message["status"])
        elif kind == "websocket.http.response.body":
            self._answer(self._status, self._response, message.get("body", b""))

    def _accept(self) -> None:
        """Have picows answer the handshake: a plain one, whatever else the client's head said."""
        if self.gone:
            raise ConnectionResetError
        self.accepted = True
        head = (
            "GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {self._key}\r\n\r\n"
        ).encode()
        self.get_buffer(-1)[: len(head)] = head
        self.buffer_updated(len(head))
        self.resume_reading()

    def _refuse_or_close(self, code: int) -> None:
        if self.accepted:
            self.close(code)
        else:
            self._answer(HTTPStatus.FORBIDDEN, [], b"")

    def _answer(self, status: HTTPStatus, headers: list[bytes], body: bytes) -> None:
        """Answer the request with a plain HTTP response instead of a WebSocket."""
        self.closing = True
        head = b"HTTP/1.1 %d %s\r\n" % (status, status.phrase.encode())
        if not any(header.lower().startswith(b"content-length:") for header in headers):
            headers = [*headers, b"content-length: %d\r\n" % len(body)]
        if not any(header.lower().startswith(b"connection:") for header in headers):
            headers = [*headers, b"connection: close\r\n"]
        self.wire.write(head + b"".join(headers) + b"\r\n" + body)
        self.wire.close()

    # Frames

    def limit_messages(self, size: int, fragments: int) -> None:
        """Take messages of so many bytes and fragments at most; called before the connection is accepted."""
        self.max_message, self.max_fragments = min(size, self.max_message), fragments

    def attach(
        self, on_frame: Callable[[Frame], None], on_lost: Callable[[], None], on_backlog: Callable[[], None]
    ) -> None:
        """From now on frames are handed to `on_frame`, and the end of the connection to `on_lost`, once.

        `on_backlog` is called after each write that the network does not take whole.
        """
        waiting, self._events = self._events or (), None
        self._on_frame, self._on_lost, self.out.on_backlog = on_frame, on_lost, on_backlog
        for event in waiting:
            if event["type"] == "websocket.receive":
                on_frame(event["text"] if event.get("text") is not None else event["bytes"])
        if self.gone:
            self._tell_lost()

    def received(self, frame: Frame) -> None:
        if self.closing:
            return
        if self._on_frame is not None:
            self._on_frame(frame)
            return
        assert self._events is not None
        self._events.append({"type": "websocket.receive", "text" if isinstance(frame, str) else "bytes": frame})
        if len(self._events) >= _HIGH_WATER:
            self.pause_reading()
        self._wake()

    def lost(self) -> None:
        if not self.gone:
            self.gone = self.closing = True
            self.set_writable(True)
            self._wake()
            self._tell_lost()

    def _tell_lost(self) -> None:
        if self._on_lost is not None:
            on_lost, self._on_lost, self._on_frame, self.out.on_backlog = self._on_lost, None, _ignore, None
            on_lost()

    def _wake(self) -> None:
        if self._wakeup is not None and not self._wakeup.done():
            self._wakeup.set_result(None)

    # Writing

    def write(self, data: bytes) -> None:
        """Write a whole frame, as `framed` makes it. What is written in one turn of the event loop leaves together."""
        if not self.gone:
            self.out.write(data)

    def set_writable(self, writable: bool) -> None:
        """Whether the network takes more."""
        if not writable:
            self._full = self._full or asyncio.Event()
        elif self._full is not None:
            self._full.set()
            self._full = None

    def pause_reading(self) -> None:
        if not self.gone:
            self.wire.pause_reading()

    def resume_reading(self) -> None:
        if not self.gone:
            self.wire.resume_reading()

    def closed_by_peer(self) -> None:
        if not self.closing:
            self.closing = True
            self.transport.send_close(WSCloseCode.OK)
        self.out.flush()
        self.wire.close()

    def close(self, code: int) -> None:
        """Send a close frame, and close when the peer has answered it (RFC 6455, 7.1.2) or has had its time."""
        if self.closing:
            return
        self.closing = True
        if not self.accepted or self.gone:
            self.wire.close()
            return
        self.write(close_frame(code))
        self.out.flush()
        self.resume_reading()
        self._close_timer = asyncio.get_running_loop().call_later(_CLOSE_TIMEOUT, self.abort)

    def abort(self) -> None:
        self.closing = True
        if not self.gone:
            cut(self.wire)


def _ignore(frame: Frame) -> None:
    """Nothing is listened to any more."""
