"""WebSockets under uvicorn on picows. `HttpProtocol` passes each upgrade request to `PicowsProtocol`.

An application sees an ordinary ASGI WebSocket. After it has accepted the WebSocket, it may also `attach` to it: then
messages arrive as function calls and are sent by `write`, without ASGI events, tasks or queues. The ASGI call may then
return while the connection stays open. Follows RFC 6455, and supports no extensions (such as deflate).
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, ClassVar

from picows import WSAutoPingStrategy, WSCloseCode
from picows.picows import WSProtocol  # type: ignore[attr-defined]  # missing in the stubs

from socketio_server import close_codes
from socketio_server.limits import Limits
from socketio_server.picows_transport import PicowsTransport
from socketio_server.tcp import reset
from socketio_server.websocket_frames import Message, MessageAssembler, encode_close, encode_message
from socketio_server.websocket_handshake import http_response, minimal_handshake, read_handshake
from socketio_server.write_coalescing import CoalescingWriter

_SILENT_LOGGER = logging.LoggerAdapter(logging.Logger("silent", level=logging.CRITICAL + 1))
"""Drops the log messages of picows, because they contain frames and reasons. It is an adapter, because picows creates
another logger for each connection from a plain logger."""

_INITIAL_READ_BUFFER = 512
_READ_SIZE = 65_536
"""Maximum bytes of one read. picows doubles its buffer each time that one read fills it."""
_HIGH_WATER = 64
"""Reading is paused when this many messages wait for the ASGI application."""
_CLOSE_TIMEOUT = 5.0


class PicowsProtocol(WSProtocol):  # type: ignore[misc]
    """A connection that requested an upgrade. `config` and `server_state` are uvicorn's."""

    on_shutdown: ClassVar[Callable[[], None] | None] = None
    """See `on_uvicorn_shutdown`."""

    def __init__(self, config: Any, server_state: Any) -> None:
        self._assembler = MessageAssembler(self)
        self.max_frame = self.max_message = config.ws_max_size
        self.max_fragments = Limits.max_fragments
        super().__init__(
            host_port=None,
            ws_path=None,
            is_client_side=False,
            ws_listener_factory=lambda request: self._assembler,
            logger=_SILENT_LOGGER,
            disconnect_on_exception=True,
            websocket_handshake_timeout=None,
            enable_auto_ping=False,
            auto_ping_idle_timeout=0,
            auto_ping_reply_timeout=0,
            auto_ping_strategy=WSAutoPingStrategy.PING_WHEN_IDLE,
            enable_auto_pong=True,
            max_frame_size=config.ws_max_size,
            extra_headers=None,
            read_buffer_init_size=_INITIAL_READ_BUFFER,
        )
        self._config, self._state = config, server_state
        self._events: deque[dict[str, Any]] | None = deque([{"type": "websocket.connect"}])
        self._event_arrived: asyncio.Future[None] | None = None
        self._close_timer: asyncio.TimerHandle | None = None
        self._on_message: Callable[[Message], None] | None = None
        self._on_disconnect: Callable[[], None] | None = None
        self._response_headers: list[tuple[bytes, bytes]] = []
        self.accepted = self.closing = self.disconnected = False
        self._writing_resumed: asyncio.Event | None = None
        """An event that is set when writing resumes, or None if writing is not paused."""

    # From uvicorn

    def connection_made(self, transport: asyncio.Transport) -> None:
        self.tcp_transport = transport
        self.writer = CoalescingWriter(transport)
        super().connection_made(PicowsTransport(transport, self.writer))
        self._state.connections.add(self)

    def handle_upgrade(self, request: Mapping[str, Any], target: bytes) -> None:
        """Run the application. Takes the arguments of `read_handshake`. Reading is paused until the application accepts
        the WebSocket."""
        self.tcp_transport.pause_reading()
        try:
            scope, self._key = read_handshake(request, target)
        except ValueError as error:
            self._respond(HTTPStatus.BAD_REQUEST, [], str(error).encode())
            return
        task = asyncio.get_running_loop().create_task(self._run(scope))
        self._state.tasks.add(task)
        task.add_done_callback(self._state.tasks.discard)

    def get_buffer(self, size_hint: int) -> memoryview:
        free = super().get_buffer(size_hint)
        if len(free) <= 4 * max(_READ_SIZE, self.max_frame):
            return free[:_READ_SIZE]
        # The buffer is larger than any frame: picows has rejected a frame, and reads until it closes. Reading must not
        # be paused within this call, because libuv is about to read and would call a removed callback.
        asyncio.get_running_loop().call_soon(self.pause_reading)
        return free[:1]

    def data_received(self, data: bytes) -> None:
        """Never called, because bytes arrive through `get_buffer`. Without this method, uvloop would keep a reference
        to the `data_received` method of the previous protocol, and thus keep that protocol alive."""

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._state.connections.discard(self)
        if self._close_timer is not None:
            self._close_timer.cancel()
        self.handle_disconnect()

    def shutdown(self) -> None:
        """Close the connection when uvicorn shuts down, unless the application closes its connections itself."""
        if self._on_message is not None and PicowsProtocol.on_shutdown is not None:
            PicowsProtocol.on_shutdown()  # called on the class: on an instance it could be bound as a method
        elif self.accepted:
            self.close(close_codes.SERVICE_RESTART)
        else:
            self._respond(HTTPStatus.SERVICE_UNAVAILABLE, [], b"")

    # ASGI

    async def _run(self, scope: dict[str, Any]) -> None:
        try:
            await self._config.loaded_app(scope, self.receive, self.send)
        except Exception:
            logging.getLogger("uvicorn.error").exception("Exception in ASGI application")
            if not self.accepted:
                self._respond(HTTPStatus.INTERNAL_SERVER_ERROR, [], b"Internal Server Error")
        finally:
            if self._on_message is None and not self.closing:
                self.close(close_codes.NORMAL_CLOSURE)

    async def receive(self) -> dict[str, Any]:
        while not self._events:
            if self.disconnected:
                return {"type": "websocket.disconnect", "code": close_codes.ABNORMAL_CLOSURE}
            self._event_arrived = asyncio.get_running_loop().create_future()
            await self._event_arrived
        event = self._events.popleft()
        if len(self._events) == _HIGH_WATER // 2:
            self.resume_reading()
        return event

    async def send(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        if kind == "websocket.accept":
            self._accept()
        elif kind == "websocket.send":
            if self.disconnected or self.closing:
                raise ConnectionResetError
            text = message.get("text")
            self.write(encode_message(text if text is not None else message["bytes"]))
            self.writer.flush()
            if self._writing_resumed is not None:
                await self._writing_resumed.wait()
        elif kind == "websocket.close":
            self._refuse_or_close(message.get("code", close_codes.NORMAL_CLOSURE))
        elif kind == "websocket.http.response.start":
            self._response_status = HTTPStatus(message["status"])
            self._response_headers = list(message["headers"])
        elif kind == "websocket.http.response.body":
            self._respond(self._response_status, self._response_headers, message.get("body", b""))

    def _accept(self) -> None:
        """Make picows respond to a minimal handshake, without the headers of the client."""
        if self.disconnected:
            raise ConnectionResetError
        self.accepted = True
        request = minimal_handshake(self._key)
        self.get_buffer(-1)[: len(request)] = request
        self.buffer_updated(len(request))
        self.resume_reading()

    def _refuse_or_close(self, code: int) -> None:
        if self.accepted:
            self.close(code)
        else:
            self._respond(HTTPStatus.FORBIDDEN, [], b"")

    def _respond(self, status: HTTPStatus, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        """Respond to the request with plain HTTP instead of a WebSocket."""
        self.closing = True
        self.tcp_transport.write(http_response(status, headers, body))
        self.tcp_transport.close()

    # Messages

    def limit_messages(self, size: int, fragments: int) -> None:
        """Limit messages to `size` bytes and to `fragments` frames. Call it before the WebSocket is accepted."""
        self.max_message, self.max_fragments = min(size, self.max_message), fragments

    def attach(
        self, on_message: Callable[[Message], None], on_disconnect: Callable[[], None], on_backlog: Callable[[], None]
    ) -> None:
        """From now on, call `on_message` with each message, and `on_disconnect` once when the connection has ended.

        `on_backlog` is called after each write that the network does not take completely.
        """
        waiting, self._events = self._events or (), None
        self._on_message, self._on_disconnect, self.writer.on_backlog = on_message, on_disconnect, on_backlog
        for event in waiting:
            if event["type"] == "websocket.receive":
                on_message(event["text"] if event.get("text") is not None else event["bytes"])
        if self.disconnected:
            self._notify_disconnect()

    def message_received(self, message: Message) -> None:
        if self.closing:
            return
        if self._on_message is not None:
            self._on_message(message)
            return
        assert self._events is not None
        self._events.append({"type": "websocket.receive", "text" if isinstance(message, str) else "bytes": message})
        if len(self._events) >= _HIGH_WATER:
            self.pause_reading()
        self._wake_receiver()

    def handle_disconnect(self) -> None:
        if not self.disconnected:
            self.disconnected = self.closing = True
            self.set_writable(True)
            self._wake_receiver()
            self._notify_disconnect()

    def _notify_disconnect(self) -> None:
        if self._on_disconnect is not None:
            on_disconnect, self._on_disconnect = self._on_disconnect, None
            self._on_message, self.writer.on_backlog = _ignore, None
            on_disconnect()

    def _wake_receiver(self) -> None:
        if self._event_arrived is not None and not self._event_arrived.done():
            self._event_arrived.set_result(None)

    # Writing

    def write(self, data: bytes) -> None:
        """Write a whole frame. The frames of one iteration of the event loop are sent in one system call."""
        if not self.disconnected:
            self.writer.write(data)

    def set_writable(self, writable: bool) -> None:
        """Pause or resume `send`. `writable` says whether picows's write buffer can take more."""
        if not writable:
            self._writing_resumed = self._writing_resumed or asyncio.Event()
        elif self._writing_resumed is not None:
            self._writing_resumed.set()
            self._writing_resumed = None

    def pause_reading(self) -> None:
        if not self.disconnected:
            self.tcp_transport.pause_reading()

    def resume_reading(self) -> None:
        if not self.disconnected:
            self.tcp_transport.resume_reading()

    def close_received(self) -> None:
        if not self.closing:
            self.closing = True
            self.transport.send_close(WSCloseCode.OK)
        self.writer.flush()
        self.tcp_transport.close()

    def close(self, code: int) -> None:
        """Send a close frame. The connection is closed after the peer's close frame (RFC 6455, 7.1.2) or a timeout."""
        if self.closing:
            return
        self.closing = True
        if not self.accepted or self.disconnected:
            self.tcp_transport.close()
            return
        self.write(encode_close(code))
        self.writer.flush()
        self.resume_reading()
        self._close_timer = asyncio.get_running_loop().call_later(_CLOSE_TIMEOUT, self.abort)

    def abort(self) -> None:
        self.closing = True
        if not self.disconnected:
            reset(self.tcp_transport)


def on_uvicorn_shutdown(callback: Callable[[], None]) -> None:
    """Call `callback` for each attached connection when uvicorn shuts down. The callback must close the connections."""
    PicowsProtocol.on_shutdown = staticmethod(callback)


def _ignore(message: Message) -> None:
    """Replaces `on_message` when the connection has ended."""
