"""The Engine.IO server: requests, polling, WebSocket and upgrade.

https://socket.io/docs/v4/engine-io-protocol/
"""

import asyncio
from hashlib import sha256
from typing import Any

import structlog
from engineio import packet as eio

from foundation.json import to_json
from socketio_server import close_codes
from socketio_server.asgi_request import TEXT, ASGIRequest, Receive, Scope, Send
from socketio_server.asgi_websocket import ASGIWebSocket
from socketio_server.direct_transport import DirectTransport
from socketio_server.engine_packets import decode_payload
from socketio_server.engine_socket import EngineSocket
from socketio_server.errors import BodyTooLarge, HTTPError, ProtocolError
from socketio_server.origins import Origins
from socketio_server.polling_transport import PollingTransport
from socketio_server.session_server import SessionServer
from socketio_server.transports import Transport
from socketio_server.websocket_transport import WebSocketTransport

log = structlog.get_logger(__name__)

_PROBE_PING = f"{eio.PING}probe"
_PROBE_PONG = f"{eio.PONG}probe"
_UPGRADE = str(eio.UPGRADE)
_MAX_CONSECUTIVE_FRAMES = 32
"""Maximum frames of one client that are handled before other tasks run."""


class EngineServer(SessionServer):
    """python-engineio's server, with every request checked against the protocol.

    A polling session can have at most one GET and one POST request in progress; a second request ends the session.
    """

    # Requests

    async def handle_request(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = ASGIWebSocket if scope["type"] == "websocket" else ASGIRequest
        request = kind(scope, receive, send)
        try:
            self._origins.check(request)
            await self._dispatch(request)
        except HTTPError as error:
            await request.refuse(error)
        except ConnectionResetError:
            log.debug("client_disconnected")

    async def _dispatch(self, request: ASGIRequest) -> None:
        if request.method == "OPTIONS":
            await request.respond(204, "", Origins.preflight_headers(request))
            return
        self._check_transport(request)
        if not request.query.get("sid"):
            await self._open_session(request)
            return
        socket = self._session(request.query["sid"])
        if isinstance(request, ASGIWebSocket):
            await self._upgrade(socket, request)
        elif not isinstance(socket.transport, PollingTransport):
            raise HTTPError(400, 3, "Bad request")
        elif request.method == "GET":
            await self._poll(socket, socket.transport, request)
        elif request.method == "POST":
            await self._post(socket, request)
        else:
            raise HTTPError(400, 3, "Bad request")

    def _check_transport(self, request: ASGIRequest) -> None:
        transport = request.query.get("transport")
        if transport not in self.transports:
            known = ", ".join(f"'{one}'" for one in self.transports)
            raise HTTPError(400, 0, f"This transport is not supported. Connect with transports: [{known}]")
        if "j" in request.query:
            raise HTTPError(400, 3, "JSONP is not supported")
        if isinstance(request, ASGIWebSocket) != (transport == "websocket"):
            raise HTTPError(400, 3, "Bad request")

    def _session(self, sid: str) -> EngineSocket:
        socket = self.sockets.get(sid)
        if socket is not None and socket.timed_out:
            socket.terminate(self.reason.PING_TIMEOUT)
        if socket is None or socket.closing:
            raise HTTPError(400, 1, "Session ID unknown")
        return socket

    # Opening a session

    async def _open_session(self, request: ASGIRequest) -> None:
        if request.method != "GET":
            raise HTTPError(400, 2, "Bad handshake method")
        if request.query.get("EIO") != "4":
            raise HTTPError(400, 5, "Unsupported protocol version")
        if self.draining:
            raise HTTPError(503, 3, "The server is shutting down", retry_after=1)
        environ = request.environ()
        await self.check_admission(environ["REMOTE_ADDR"])
        socket = EngineSocket(self, self.generate_id(), environ)
        self.sockets[socket.sid] = socket
        try:
            await self._start_session(socket, request, environ)
        finally:
            if not socket.connected:
                self.remove_session(socket)

    async def _start_session(self, socket: EngineSocket, request: ASGIRequest, environ: dict[str, Any]) -> None:
        if isinstance(request, ASGIWebSocket):
            await request.accept(self.limits)
            socket.transport = self._websocket_transport(socket, request)
            socket.upgraded = True
        else:
            socket.transport = PollingTransport(socket.send_queue)
        self.start_sweep()
        socket.connected = True
        socket.send_packet(self._open_packet(socket))
        if await self._trigger_event("connect", socket.sid, environ) not in (None, True):
            socket.terminate(self.reason.SERVER_DISCONNECT, code=close_codes.POLICY_VIOLATION)
            if isinstance(request, ASGIWebSocket):
                return
            raise HTTPError(401, 4, "Refused")
        socket.heartbeat.start()
        if isinstance(request, ASGIWebSocket):
            await self._read_frames(socket, request)
        elif isinstance(socket.transport, PollingTransport):
            await self._poll(socket, socket.transport, request)

    @staticmethod
    def _websocket_transport(socket: EngineSocket, websocket: ASGIWebSocket) -> Transport:
        if websocket.picows is not None:
            return DirectTransport(websocket.picows, socket.send_queue)
        return WebSocketTransport(websocket, socket.send_queue)

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

    async def _poll(self, socket: EngineSocket, polling: PollingTransport, request: ASGIRequest) -> None:
        if polling.waiting:
            socket.terminate(self.reason.TRANSPORT_ERROR)
            raise HTTPError(400, 3, "Another GET request is in progress")
        payload = await polling.poll(request)
        if payload is None:
            socket.terminate(self.reason.TRANSPORT_CLOSE)
            return
        request.connection.limit_unsent()
        await request.respond(200, payload, TEXT)
        self.slow_readers.watch_response(request.connection)

    async def _post(self, socket: EngineSocket, request: ASGIRequest) -> None:
        if socket.posting:
            socket.terminate(self.reason.TRANSPORT_ERROR)
            raise HTTPError(400, 3, "Another POST request is in progress")
        socket.posting = True
        try:
            async with asyncio.timeout(self.limits.body_timeout):
                body = await request.body(self.limits.max_payload)
            if not self._is_repeated(socket, request.query.get("t"), body):
                await self._handle_payload(socket, body)
        except (ProtocolError, TimeoutError) as error:
            socket.terminate_malformed(getattr(error, "code", close_codes.POLICY_VIOLATION))
            raise HTTPError(413 if isinstance(error, BodyTooLarge) else 400, 3, "Bad request") from None
        finally:
            socket.posting = False
        await request.respond(200, "ok", TEXT)

    @staticmethod
    def _is_repeated(socket: EngineSocket, timestamp: str | None, body: bytes) -> bool:
        """Whether this POST request repeats the previous POST request. HTTP clients repeat a request by themselves when
        the connection breaks during the response."""
        last, socket.last_post = socket.last_post, (timestamp, sha256(body).digest()) if timestamp else None
        return last is not None and last == socket.last_post

    async def _handle_payload(self, socket: EngineSocket, body: bytes) -> None:
        for number, frame in enumerate(decode_payload(body), 1):
            await socket.handle_packet(frame)
            if number % _MAX_CONSECUTIVE_FRAMES == 0:
                await asyncio.sleep(0)

    # WebSocket

    async def _upgrade(self, socket: EngineSocket, websocket: ASGIWebSocket) -> None:
        polling = socket.transport
        await websocket.accept(self.limits)
        if not isinstance(polling, PollingTransport) or socket.upgrade_transport is not None or not self.allow_upgrades:
            await websocket.close(close_codes.POLICY_VIOLATION)
            return
        socket.upgrade_transport = WebSocketTransport(websocket, socket.send_queue)
        try:
            async with asyncio.timeout(self.limits.upgrade_timeout):
                completed = await self._probe(polling, websocket)
        except TimeoutError:
            completed = False
        finally:
            transport, socket.upgrade_transport = socket.upgrade_transport, None
            polling.upgrading = False
        if completed and not socket.closing:
            socket.upgrade_to(transport if websocket.picows is None else self._websocket_transport(socket, websocket))
            await self._read_frames(socket, websocket)
        else:
            await websocket.close(close_codes.POLICY_VIOLATION)

    async def _probe(self, polling: PollingTransport, websocket: ASGIWebSocket) -> bool:
        if await websocket.receive_frame() != _PROBE_PING:
            return False
        polling.upgrading = True
        polling.flush()
        await websocket.send_frame(_PROBE_PONG)
        return await websocket.receive_frame() == _UPGRADE

    async def _read_frames(self, socket: EngineSocket, websocket: ASGIWebSocket) -> None:
        """Attach the session to a picows connection. For any other, pass frames until the session or the connection
        ends."""
        if websocket.picows is not None:
            websocket.picows.attach(socket.frame_received, socket.connection_lost, socket.check_queue)
            return
        number = 0
        try:
            while not socket.closing and (frame := await websocket.receive_frame()) is not None:
                await socket.handle_frame(frame)
                number += 1
                if number % _MAX_CONSECUTIVE_FRAMES == 0:
                    await asyncio.sleep(0)
        finally:
            socket.terminate(self.reason.TRANSPORT_CLOSE)
        if isinstance(socket.transport, WebSocketTransport):
            await socket.transport.wait_flushed()
