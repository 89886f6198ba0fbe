"""One Engine.IO session: sending, receiving, the heartbeat and the end."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

import structlog
from engineio import packet as eio
from engineio.async_socket import AsyncSocket

from socketio_server import close_codes
from socketio_server.engine_packets import byte_size, decode_frame
from socketio_server.errors import ProtocolError
from socketio_server.heartbeat import Heartbeat, HeartbeatAction, HeartbeatHost
from socketio_server.polling_transport import PollingTransport
from socketio_server.send_queue import SendQueue
from socketio_server.slow_readers import SlowReaders
from socketio_server.transports import Transport
from socketio_server.websocket_transport import WebSocketTransport

log = structlog.get_logger(__name__)

_PING = str(eio.PING)
_PONG = str(eio.PONG)
_MESSAGE = str(eio.MESSAGE)

_RECEIVE_QUEUE = 32
"""The server stops reading from a client's connection when this many of its frames wait to be handled."""

_CONNECTION_LOST = object()
"""Marks the end of the connection in the receive queue."""


class EngineHost(HeartbeatHost, Protocol):
    """The parts of the server that a session uses."""

    slow_readers: SlowReaders

    @property
    def reason(self) -> Any: ...
    async def message_received(self, sid: str, data: str | bytes) -> None: ...
    async def session_ended(self, socket: "EngineSocket", reason: str) -> None: ...
    def start_background_task(
        self, target: Callable[..., Coroutine[Any, Any, None]], *args: Any, **kwargs: Any
    ) -> asyncio.Task[None]: ...


class EngineSocket(AsyncSocket):
    """A session of `EngineServer`; python-engineio calls it a socket.

    Frames are handled one at a time and in order. Sending never waits. `transport` can change once, from polling to
    WebSocket. `terminate` ends the session: no packet is sent or handled afterwards. The `disconnect` handler runs
    after any running handler has returned.
    """

    server: EngineHost
    transport: Transport
    """Set before the session is `connected`."""

    def __init__(self, server: EngineHost, sid: str, environ: dict[str, Any]) -> None:
        # AsyncSocket's constructor is not called, because it would also create an unbounded queue.
        self.server, self.sid = server, sid
        self._user_session: dict[str, Any] | None = None
        self.connected = self.upgrading = self.upgraded = self.closing = self.closed = False
        self.address: str = environ["REMOTE_ADDR"]
        self.send_queue = SendQueue()
        self.heartbeat = Heartbeat(server, sid)
        self.upgrade_transport: WebSocketTransport | None = None
        """The WebSocket that probes an upgrade."""
        self.posting = False
        self.last_post: tuple[str, bytes] | None = None
        """The `t` of the last POST request, and the hash of its body."""
        self._loop = asyncio.get_running_loop()
        self._handler_lock = asyncio.Lock()
        self._receive_queue: deque[Any] | None = None
        """Received frames that wait to be handled. None while no task handles frames."""
        self._receiver: asyncio.Task[None] | None = None

    @property
    def session(self) -> dict[str, Any]:
        """The dict that python-socketio's `get_session` returns. Created on first use, because most sessions need
        none."""
        if self._user_session is None:
            self._user_session = {}
        return self._user_session

    @session.setter
    def session(self, session: dict[str, Any]) -> None:
        self._user_session = session

    # Sending

    def send_packet(self, packet: eio.Packet) -> None:
        """Send an Engine.IO packet; see `send_frame`."""
        self.send_frame(packet.encode())

    def send_text(self, text: str) -> None:
        """Send an encoded Socket.IO packet; see `send_frame`."""
        self.send_frame(_MESSAGE + text)

    async def send(self, pkt: eio.Packet) -> None:
        self.send_frame(pkt.encode())

    def send_frame(self, frame: str | bytes) -> None:
        """Send or queue an encoded Engine.IO packet. Never waits. After the end of the session it does nothing.

        If the queue exceeds the limits, the session ends and its transport is closed, so the client reconnects.
        """
        if self.closing or not self.connected:
            return
        if self.transport.immediate:
            self.transport.write(frame)
            return
        self.send_queue.put(frame, byte_size(frame), self._loop.time())
        self.transport.flush()
        self.check_queue()

    def check_queue(self) -> None:
        """End the session if too much is queued for its client."""
        self.server.slow_readers.check(self)

    def queued(self) -> tuple[int, int]:
        """Return the packets and the bytes that have not been sent yet."""
        queue, transport = self.send_queue, self.transport
        return len(queue) + transport.unsent_packets(), queue.bytes + transport.buffered_bytes()

    def stalled_for(self, now: float) -> float:
        """Return the seconds for which the client has read none of its queued packets. Call it at regular intervals."""
        return max(self.send_queue.age(now), self.transport.stalled_for(now))

    # Receiving

    def frame_received(self, frame: str | bytes) -> None:
        """Handle a frame from an immediate transport, after the frames before it. The task that handles frames runs
        only while frames are waiting."""
        if self._receive_queue is None:
            if frame == _PONG:
                self.heartbeat.pong_received()
                return
            self._receive_queue = deque()
            self._receiver = self._loop.create_task(self._handle_received())
        self._receive_queue.append(frame)
        if len(self._receive_queue) == _RECEIVE_QUEUE and self.transport.immediate:
            self.transport.pause_reading()

    def connection_lost(self) -> None:
        """End the session after an immediate transport has lost its connection. Received frames are handled first."""
        if self._receive_queue is None:
            self.terminate(self.server.reason.TRANSPORT_CLOSE)
        else:
            self._receive_queue.append(_CONNECTION_LOST)

    async def _handle_received(self) -> None:
        try:
            while self._receive_queue and not self.closing:
                frame = self._receive_queue.popleft()
                if frame is _CONNECTION_LOST:
                    self.terminate(self.server.reason.TRANSPORT_CLOSE)
                else:
                    await self.handle_frame(frame)
                if len(self._receive_queue) == _RECEIVE_QUEUE // 2 and self.transport.immediate:
                    self.transport.resume_reading()
        finally:
            self._receive_queue = self._receiver = None

    async def handle_frame(self, frame: str | bytes) -> None:
        """Handle a frame of a WebSocket completely. A malformed frame ends the session."""
        try:
            if byte_size(frame) > self.server.limits.max_payload:
                raise ProtocolError("The frame is too large", code=close_codes.MESSAGE_TOO_BIG)
            await self.handle_packet(frame)
        except ProtocolError as error:
            self.terminate_malformed(error.code)

    async def handle_packet(self, frame: str | bytes) -> None:
        """Handle one packet completely. Raises `ProtocolError` if it is malformed.

        The next packet is not handled while a handler runs, so the client's pong can be delayed. This time does not
        count against the client.
        """
        async with self._handler_lock:
            if not self.closing:
                kind, data = decode_frame(frame)
                if kind == eio.MESSAGE:
                    await self.server.message_received(self.sid, data)
                else:
                    self._handle_control_packet(kind)
        if self.heartbeat.awaits_pong:
            self.heartbeat.extend()

    def _handle_control_packet(self, kind: int) -> None:
        if kind == eio.PONG:
            self.heartbeat.pong_received()
        elif kind == eio.CLOSE:
            if isinstance(self.transport, PollingTransport):
                self.transport.finish()
            self.terminate(self.server.reason.CLIENT_DISCONNECT)
        else:
            raise ProtocolError("A client must not send a packet of this type")

    # Heartbeat

    def heartbeat_due(self, due: float) -> None:
        if self.closing:
            return
        action = self.heartbeat.on_due(due, handling=self._handler_lock.locked())
        if action is HeartbeatAction.SEND_PING:
            self.send_frame(_PING)
        elif action is HeartbeatAction.TIME_OUT:
            self.terminate(self.server.reason.PING_TIMEOUT)

    @property
    def timed_out(self) -> bool:
        """Whether the pong is late, even if the timer has not fired yet."""
        return self.heartbeat.is_overdue() and not self._handler_lock.locked()

    async def check_ping_timeout(self) -> bool:
        """Replaces python-engineio's check, which reads the wall clock. `heartbeat_due` checks for timeouts instead."""
        return not self.closing

    # Ending

    def terminate(self, reason: str, *, code: int = close_codes.NORMAL_CLOSURE, abort: bool = False) -> None:
        """End the session and close its transport with a WebSocket close code. With `abort`, queued packets are
        dropped."""
        if self.closing:
            return
        self.closing = True
        log.debug("session_ended", reason=reason, code=None if abort else code)
        if self.upgrade_transport is not None:
            self.upgrade_transport.abort()
        if self.connected:
            if abort:
                self.transport.abort()
            else:
                self.transport.close(code, self.server.limits.close_timeout)
        self.server.start_background_task(self._finish, reason)

    def terminate_malformed(self, code: int) -> None:
        """End the session of a client that broke the protocol."""
        self.terminate(self.server.reason.TRANSPORT_ERROR, code=code)

    def abort(self) -> None:
        """End the session of a client that does not read."""
        self.terminate(self.server.reason.TRANSPORT_ERROR, abort=True)

    async def _finish(self, reason: str) -> None:
        async with self._handler_lock:
            await self.server.session_ended(self, reason)
        self.closed = True

    async def close(self, wait: bool = True, abort: bool = False, reason: str | None = None) -> None:
        """End the session through python-engineio's interface. Does not wait for the `disconnect` handler."""
        self.terminate(reason or self.server.reason.SERVER_DISCONNECT, abort=abort)

    # Upgrading

    def upgrade_to(self, transport: Transport) -> None:
        polling, self.transport = self.transport, transport
        self.upgraded = True
        if isinstance(polling, PollingTransport):
            polling.finish()
        if self.send_queue:
            transport.flush()
