"""The Engine.IO server: requests, polling, WebSocket and upgrade.

https://socket.io/docs/v4/engine-io-protocol/
"""

import asyncio
from hashlib import sha256
from typing import Any

import structlog
from engineio import packet as eio

from foundation.json import to_json
from socketio_server.asgi_request import TEXT, Exchange, Receive, Refused, Scope, Send, TooLarge
from socketio_server.direct_transport import DirectTransport
from socketio_server.engine_socket import EngineSocket
from socketio_server.origins import Origins
from socketio_server.packets import ProtocolError, byte_size, read_payload
from socketio_server.session_server import SessionServer
from socketio_server.transports import PONG_PROBE, PollingTransport, Transport, WebSocketTransport

log = structlog.get_logger(__name__)

_PROBE = f"{eio.PING}probe"
_UPGRADE = str(eio.UPGRADE)
_TOO_BIG = 1009
_IN_A_ROW = 32
"""Frames of one client that are handled before the others get their turn, if none of them has to wait."""


class EngineServer(SessionServer):
    """python-engineio's server with every request handled to the letter of the protocol.

    A session of polling has one request that waits and one that carries data at most; the second ends it.
    """

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
            offered = ", ".join(f"'{one}'" for one in self.transports)
            raise Refused(400, 0, f"This transport is not offered here. Connect with transports: [{offered}]")
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
        await self.check_admission(environ["REMOTE_ADDR"])
        socket = EngineSocket(self, self.generate_id(), environ)
        self.sockets[socket.sid] = socket
        try:
            await self._begin(socket, exchange, environ)
        finally:
            if not socket.connected:
                self.forget(socket)

    async def _begin(self, socket: EngineSocket, exchange: Exchange, environ: dict[str, Any]) -> None:
        if exchange.is_websocket:
            await exchange.accept_websocket(self.limits)
            socket.transport = self._websocket(socket, exchange)
            socket.upgraded = True
        else:
            socket.transport = PollingTransport(socket.outbox)
        self.start_sweeping()
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
        elif isinstance(socket.transport, PollingTransport):
            await self._poll(socket, socket.transport, exchange)

    @staticmethod
    def _websocket(socket: EngineSocket, exchange: Exchange) -> Transport:
        if exchange.picows is not None:
            return DirectTransport(exchange.picows, socket.outbox)
        return WebSocketTransport(exchange, socket.outbox)

    def _open_packet(self, socket: EngineSocket) -> eio.Packet:
        handshake = {
            "sid": socket.sid,
            "upgrades": self._upgrades(socket.sid, socket.transport.name),
            "pingInterval": round(self.limits.ping_interval * 1000),
            "pingTimeout": round(self.limits.ping_timeout * 1000),
            "maxPayload": self.limits.max_payload,
        }
        return eio.Packet(eio.OPEN, to_json(handshake))

    # Polling

    async def _poll(self, socket: EngineSocket, polling: PollingTransport, exchange: Exchange) -> None:
        if polling.waiting:
            socket.terminate(self.reason.TRANSPORT_ERROR)
            raise Refused(400, 3, "There is a polling request already")
        payload = await polling.poll(exchange)
        if payload is None:
            socket.terminate(self.reason.TRANSPORT_CLOSE)
            return
        exchange.wire.limit_unsent()
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
            if not self._came_before(socket, exchange.query.get("t"), body):
                await self._receive_payload(socket, body)
        except (ProtocolError, TimeoutError) as fault:
            self._break_off(socket, fault)
            raise Refused(413 if isinstance(fault, TooLarge) else 400, 3, "Bad request") from None
        finally:
            socket.posting = False
        await exchange.respond(200, "ok", TEXT)

    @staticmethod
    def _came_before(socket: EngineSocket, mark: str | None, body: bytes) -> bool:
        """Whether this is the last request once more, which an HTTP client sends by itself where a connection broke
        under the answer."""
        before, socket.posted = socket.posted, (mark, sha256(body).digest()) if mark else None
        return before is not None and before == socket.posted

    async def _receive_payload(self, socket: EngineSocket, body: bytes) -> None:
        for number, frame in enumerate(read_payload(body), 1):
            await socket.receive_frame(frame)
            if number % _IN_A_ROW == 0:
                await asyncio.sleep(0)

    # WebSocket

    async def _upgrade(self, socket: EngineSocket, exchange: Exchange) -> None:
        polling = socket.transport
        await exchange.accept_websocket(self.limits)
        if not isinstance(polling, PollingTransport) or socket.candidate is not None or not self.allow_upgrades:
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
            socket.upgrade_to(candidate if exchange.picows is None else self._websocket(socket, exchange))
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
        """Feed the session until its WebSocket or itself has ended, or have it fed from below ASGI."""
        if exchange.picows is not None:
            exchange.picows.attach(socket.feed, socket.lost, socket.check_queue)
            return
        number = 0
        try:
            while not socket.closing and (frame := await exchange.receive_frame()) is not None:
                await self.receive(socket, frame)
                number += 1
                if number % _IN_A_ROW == 0:
                    await asyncio.sleep(0)
        finally:
            socket.terminate(self.reason.TRANSPORT_CLOSE)
        if isinstance(socket.transport, WebSocketTransport):
            await socket.transport.written()

    async def receive(self, socket: EngineSocket, frame: str | bytes) -> None:
        """Handle one frame of a WebSocket; a malformed one ends the session."""
        try:
            if byte_size(frame) > self.limits.max_payload:
                raise ProtocolError("The frame is too large", code=_TOO_BIG)
            await socket.receive_frame(frame)
        except ProtocolError as fault:
            self._break_off(socket, fault)

    def _break_off(self, socket: EngineSocket, fault: ProtocolError | TimeoutError) -> None:
        self.malformed += 1
        socket.terminate(self.reason.TRANSPORT_ERROR, code=getattr(fault, "code", 1008))
