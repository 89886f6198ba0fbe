"""The Engine.IO server: sessions, their requests, their upgrade. https://socket.io/docs/v4/engine-io-protocol/"""

import asyncio
import inspect
import logging
import random
import secrets
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any

import engineio
import structlog
from engineio import packet as eio

from foundation.encoding import to_json
from realtime.protocol.engine_socket import EngineSocket
from realtime.protocol.exchange import TEXT, Exchange, Receive, Refused, Scope, Send, TooLarge
from realtime.protocol.limits import Limits
from realtime.protocol.origins import Origins
from realtime.protocol.packets import ProtocolError, byte_size, read_payload
from realtime.protocol.transports import PONG_PROBE, PollingTransport, WebSocketTransport
from realtime.protocol.wire import Wire

log = structlog.get_logger(__name__)

SILENT = logging.Logger("silent", level=logging.CRITICAL + 1)
"""python-engineio and python-socketio write session ids and packet bodies to their loggers; this one keeps them."""

_PROBE = f"{eio.PING}probe"
_UPGRADE = str(eio.UPGRADE)
_TOO_BIG = 1009
_RESTART = 1012
_SWEEP = 0.5
_IN_A_ROW = 32
"""Frames of one client that are handled before the others get their turn, if none of them has to wait."""

Admit = Callable[[str], bool | Awaitable[bool]]


class EngineServer(engineio.AsyncServer):
    """`binary` false refuses binary messages. `on_slow_reader` is called for each slow reader that is cut.

    `admit` is asked, with the client's address, before a session is made; `release` is called with that address
    when a session that was admitted has ended.
    """

    admit: Admit | None = None
    release: Callable[[str], None] | None = None

    def __init__(
        self,
        *,
        limits: Limits | None = None,
        cors_allowed_origins: Iterable[str] = (),
        binary: bool = True,
        on_slow_reader: Callable[[], None] | None = None,
        **options: Any,
    ) -> None:
        self.limits = limits or Limits()
        self.binary = binary
        self.draining = False
        self.slow_readers = 0
        self.malformed = 0
        self._on_slow_reader = on_slow_reader
        self._origins = Origins(cors_allowed_origins)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._unread: list[Wire] = []
        settings = {"async_mode": "asgi", "logger": SILENT, "async_handlers": False}
        super().__init__(
            ping_interval=self.limits.ping_interval,
            ping_timeout=self.limits.ping_timeout,
            max_http_buffer_size=self.limits.max_payload,
            **(options | settings),
        )

    # Requests

    async def handle_request(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange(scope, receive, send)
        try:
            self._origins.admit(exchange)
            await self._route(exchange)
        except Refused as refusal:
            await exchange.refuse(refusal)
        except ConnectionResetError:
            log.debug("client_gone")

    async def _route(self, exchange: Exchange) -> None:
        if exchange.method == "OPTIONS":
            await exchange.respond(204, "", Origins.preflight(exchange))
            return
        transport = exchange.query.get("transport")
        if transport not in self.transports:
            raise Refused(400, 0, "Transport unknown")
        if "j" in exchange.query:
            raise Refused(400, 3, "JSONP is not supported")
        if exchange.is_websocket != (transport == "websocket"):
            raise Refused(400, 3, "Bad request")
        if not exchange.query.get("sid"):
            await self._open(exchange)
            return
        socket = self._session(exchange.query["sid"])
        if exchange.is_websocket:
            await self._upgrade(socket, exchange)
        elif not isinstance(socket.transport, PollingTransport):
            raise Refused(400, 3, "Bad request")
        elif exchange.method == "GET":
            await self._poll(socket, socket.transport, exchange)
        elif exchange.method == "POST":
            await self._post(socket, exchange)
        else:
            raise Refused(400, 3, "Bad request")

    def _session(self, sid: str) -> EngineSocket:
        socket = self.sockets.get(sid)
        if socket is not None and socket.overdue:
            socket.terminate(self.reason.PING_TIMEOUT)
        if socket is None or socket.closing:
            raise Refused(400, 1, "Session ID unknown")
        return socket

    # Opening

    async def _open(self, exchange: Exchange) -> None:
        if exchange.method != "GET":
            raise Refused(400, 2, "Bad handshake method")
        if exchange.query.get("EIO") != "4":
            raise Refused(400, 5, "Unsupported protocol version")
        if self.draining:
            raise Refused(503, 3, "The server is going down")
        environ = exchange.environ()
        await self._check_admission(environ["REMOTE_ADDR"])
        socket = EngineSocket(self, self.generate_id(), environ)
        self.sockets[socket.sid] = socket
        try:
            await self._begin(socket, exchange, environ)
        finally:
            if not socket.connected:
                self._forget(socket)

    async def _check_admission(self, address: str) -> None:
        if self.admit is None:
            return
        admitted = self.admit(address)
        if not (await admitted if inspect.isawaitable(admitted) else admitted):
            raise Refused(429, 4, "Too many connections")

    async def _begin(self, socket: EngineSocket, exchange: Exchange, environ: dict[str, Any]) -> None:
        if exchange.is_websocket:
            await exchange.accept_websocket()
            socket.transport = WebSocketTransport(exchange, socket.outbox)
            socket.upgraded = True
        else:
            socket.transport = PollingTransport(socket.outbox)
        self._start_sweeping()
        socket.connected = True
        socket.enqueue(self._open_packet(socket))
        if await self._trigger_event("connect", socket.sid, environ) not in (None, True):
            socket.terminate(self.reason.SERVER_DISCONNECT, code=1008)
            if exchange.is_websocket:
                return
            raise Refused(401, 4, "Refused")
        socket.start_heartbeat()
        if exchange.is_websocket:
            await self._read_frames(socket, exchange)
        else:
            await self._poll(socket, socket.transport, exchange)

    def _open_packet(self, socket: EngineSocket) -> eio.Packet:
        handshake = {
            "sid": socket.sid,
            "upgrades": self._upgrades(socket.sid, socket.transport.name),
            "pingInterval": round(self.limits.ping_interval * 1000),
            "pingTimeout": round(self.limits.ping_timeout * 1000),
            "maxPayload": self.limits.max_payload,
        }
        return eio.Packet(eio.OPEN, to_json(handshake))

    def generate_id(self) -> str:
        """192 random bits (OWASP ASVS 5.0, 7.2.3 asks for 128)."""
        return secrets.token_urlsafe(24)

    # Polling

    async def _poll(self, socket: EngineSocket, polling: PollingTransport, exchange: Exchange) -> None:
        if polling.waiting:
            socket.terminate(self.reason.TRANSPORT_ERROR)
            raise Refused(400, 3, "There is a polling request already")
        payload = await polling.poll(exchange)
        if payload is None:
            socket.terminate(self.reason.TRANSPORT_CLOSE)
            return
        await exchange.respond(200, payload, TEXT)
        if exchange.wire.buffered():
            self._unread.append(exchange.wire)

    async def _post(self, socket: EngineSocket, exchange: Exchange) -> None:
        if socket.posting:
            socket.terminate(self.reason.TRANSPORT_ERROR)
            raise Refused(400, 3, "There is a request with data already")
        socket.posting = True
        try:
            async with asyncio.timeout(self.limits.body_timeout):
                body = await exchange.body(self.limits.max_payload)
            await self._receive_payload(socket, body)
        except (ProtocolError, TimeoutError) as fault:
            self._break_off(socket, fault)
            raise Refused(413 if isinstance(fault, TooLarge) else 400, 3, "Bad request") from None
        finally:
            socket.posting = False
        await exchange.respond(200, "ok", TEXT)

    async def _receive_payload(self, socket: EngineSocket, body: bytes) -> None:
        frames = read_payload(body, most=self.limits.payload_packets)
        for number, frame in enumerate(frames, 1):
            await socket.receive_frame(frame)
            if number % _IN_A_ROW == 0:
                await asyncio.sleep(0)

    # WebSocket

    async def _upgrade(self, socket: EngineSocket, exchange: Exchange) -> None:
        polling = socket.transport
        await exchange.accept_websocket()
        if (
            not isinstance(polling, PollingTransport)
            or socket.candidate is not None
            or not self.allow_upgrades
        ):
            await exchange.close_websocket(1008)
            return
        socket.candidate = WebSocketTransport(exchange, socket.outbox)
        try:
            async with asyncio.timeout(self.limits.upgrade_timeout):
                completed = await self._probe(polling, exchange)
        except TimeoutError:
            completed = False
        finally:
            candidate, socket.candidate = socket.candidate, None
            polling.upgrading = False
        if completed and not socket.closing:
            socket.upgrade_to(candidate)
            await self._read_frames(socket, exchange)
        else:
            await exchange.close_websocket(1008)

    async def _probe(self, polling: PollingTransport, exchange: Exchange) -> bool:
        if await exchange.receive_frame() != _PROBE:
            return False
        polling.upgrading = True
        polling.wake()
        await exchange.send_frame(PONG_PROBE)
        return await exchange.receive_frame() == _UPGRADE

    async def _read_frames(self, socket: EngineSocket, exchange: Exchange) -> None:
        """Feed the session until its WebSocket or itself has ended."""
        number = 0
        try:
            while not socket.closing and (frame := await exchange.receive_frame()) is not None:
                await self._receive(socket, frame)
                number += 1
                if number % _IN_A_ROW == 0:
                    await asyncio.sleep(0)
        finally:
            socket.terminate(self.reason.TRANSPORT_CLOSE)

    async def _receive(self, socket: EngineSocket, frame: str | bytes) -> None:
        try:
            if byte_size(frame) > self.limits.max_payload:
                raise ProtocolError("The frame is too large", code=_TOO_BIG)
            await socket.receive_frame(frame)
        except ProtocolError as fault:
            self._break_off(socket, fault)

    def _break_off(self, socket: EngineSocket, fault: ProtocolError | TimeoutError) -> None:
        self.malformed += 1
        socket.terminate(self.reason.TRANSPORT_ERROR, code=getattr(fault, "code", 1008))

    # Events

    async def message_received(self, sid: str, data: str | bytes) -> None:
        if isinstance(data, bytes) and not self.binary:
            raise ProtocolError("Binary is not taken here", code=1003)
        await self._trigger_event("message", sid, data)

    async def _trigger_event(self, event: str, *args: Any, run_async: bool = False) -> Any:
        """Run a handler to its end. What it raises is logged, but for `ProtocolError`; a failed `connect` refuses."""
        handler = self.handlers.get(event)
        if handler is None:
            return None
        try:
            result = handler(*args)
            return await result if inspect.isawaitable(result) else result
        except ProtocolError:
            raise
        except Exception:
            log.exception("engine_handler_failed", engine_event=event)
            return False

    async def session_ended(self, socket: EngineSocket, reason: str) -> None:
        await self._trigger_event("disconnect", socket.sid, reason)
        self._forget(socket)

    def _forget(self, socket: EngineSocket) -> None:
        if self.sockets.pop(socket.sid, None) is not None and self.release is not None:
            self.release(socket.address)

    def start_background_task(
        self, target: Callable[..., Coroutine], *args: Any, **kwargs: Any
    ) -> asyncio.Task:
        task = asyncio.get_running_loop().create_task(target(*args, **kwargs))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # Keeping order

    def transport(self, sid: str) -> str:
        return self._get_socket(sid).transport.name

    async def disconnect(self, sid: str | None = None) -> None:
        """End one session, or all."""
        for socket in list(self.sockets.values()) if sid is None else [self.sockets.get(sid)]:
            if socket is not None:
                socket.terminate(self.reason.SERVER_DISCONNECT)

    def slow_reader(self) -> None:
        self.slow_readers += 1
        if self._on_slow_reader is not None:
            self._on_slow_reader()

    def _start_sweeping(self) -> None:
        if self.start_service_task:
            self.start_service_task = False
            self.service_task_event = asyncio.Event()
            self.service_task_handle = self.start_background_task(self._service_task)

    async def _service_task(self) -> None:
        """Cut who reads nothing. (Heartbeats have their own timers.)"""
        loop = asyncio.get_running_loop()
        while not self.service_task_event.is_set():
            for socket in list(self.sockets.values()):
                if socket.transport is not None and socket.stalled(loop.time()):
                    socket.cut_slow_reader()
            self._unread = [wire for wire in self._unread if self._still_unread(wire, loop.time())]
            await asyncio.sleep(_SWEEP)

    def _still_unread(self, wire: Wire, now: float) -> bool:
        """Watch the answer to a poll: a connection that takes nothing of it is cut, whoever else uses it."""
        if wire.stuck_for(now) > self.limits.queue_stall:
            self.slow_reader()
            wire.abort()
            return False
        return wire.buffered() > 0

    async def drain(self, seconds: float) -> None:
        """Refuse new sessions, and close the present ones spread over the time, in no order."""
        self.draining = True
        loop, sockets = asyncio.get_running_loop(), list(self.sockets.values())
        random.shuffle(sockets)
        begin = loop.time()
        for number, socket in enumerate(sockets):
            wait = begin + seconds * number / len(sockets) - loop.time()
            if wait > 0.01:
                await asyncio.sleep(wait)
            socket.terminate(self.reason.SERVER_DISCONNECT, code=_RESTART)
