"""One WebSocket to the Engine.IO server, over ASGI: its handshake and its messages."""

import asyncio

from socketio_server import close_codes
from socketio_server.asgi_request import ASGIRequest, Receive, Scope, Send, error_body, error_headers
from socketio_server.errors import HTTPError
from socketio_server.limits import Limits
from socketio_server.uvicorn_websocket import PicowsProtocol


class ASGIWebSocket(ASGIRequest):
    """A WebSocket handshake and its connection.

    `picows` is the connection if `PicowsProtocol` serves it; a session can then attach to it. Otherwise it is None.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        super().__init__(scope, receive, send)
        owner = getattr(send, "__self__", None)
        self.picows: PicowsProtocol | None = owner if isinstance(owner, PicowsProtocol) else None

    async def refuse(self, error: HTTPError) -> None:
        if "websocket.http.response" in self.scope.get("extensions", {}):
            await self._start_response(
                "websocket.http.response.", error.status, [*error_headers(error), *self.cors_headers]
            )
            await self._send({"type": "websocket.http.response.body", "body": error_body(error).encode()})
            # uvicorn logs an error after such a response, unless the connection is already closed.
            await asyncio.sleep(0.01)
        else:
            await self.close(close_codes.POLICY_VIOLATION)

    async def accept(self, limits: Limits) -> None:
        """Accept the handshake. Raises `ConnectionResetError` if the client has already disconnected."""
        if (await self._receive())["type"] != "websocket.connect":
            raise ConnectionResetError
        if self.picows is not None:
            self.picows.limit_messages(limits.max_payload, limits.max_fragments)
        await self._send({"type": "websocket.accept"})
        if self.picows is None:
            self.connection.limit_unsent()

    async def receive_frame(self) -> str | bytes | None:
        """Return the next message, or None when the connection is closed."""
        event = await self._receive()
        if event["type"] != "websocket.receive":
            return None
        data = event.get("bytes")
        return data if data is not None else event["text"]

    async def send_frame(self, frame: str | bytes) -> None:
        form = "text" if isinstance(frame, str) else "bytes"
        await self._send({"type": "websocket.send", form: frame})

    async def close(self, code: int) -> None:
        await self._send({"type": "websocket.close", "code": code})


async def refuse_websocket(scope: Scope, receive: Receive, send: Send) -> None:
    """Respond 404 to a handshake at an address without WebSockets."""
    await ASGIWebSocket(scope, receive, send).refuse(HTTPError(404, 3, "There are no WebSockets at this address"))
