"""One HTTP request or WebSocket handshake, between ASGI and the Engine.IO server."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl

from socketio_server.limits import Limits
from socketio_server.packets import ProtocolError
from socketio_server.tcp import Wire
from socketio_server.uvicorn_websocket import PicowsProtocol

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Headers = list[tuple[str, str]]

TEXT: Headers = [("Content-Type", "text/plain; charset=UTF-8"), ("Cache-Control", "no-store")]
_JSON: Headers = [("Content-Type", "application/json"), ("Cache-Control", "no-store")]


@lru_cache(maxsize=256)
def _variable(header: bytes) -> str:
    return sys.intern("HTTP_" + header.decode("latin-1").upper().replace("-", "_"))


@lru_cache(maxsize=32)
def _query(text: bytes) -> Mapping[str, str]:
    """Kept: WebSockets mostly open with the same one."""
    return MappingProxyType(dict(parse_qsl(text.decode("latin-1"), keep_blank_values=True)))


class Refused(Exception):
    """The request is answered with `status` and `{code, message}`; the codes 0 to 5 are those of engine.io."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


class TooLarge(ProtocolError):
    def __init__(self) -> None:
        super().__init__("The body is too large", code=1009)


async def refuse_websocket(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a handshake at an address where there are no WebSockets."""
    await Exchange(scope, receive, send).refuse(Refused(404, 3, "There are no WebSockets at this address"))


class Exchange:
    """`headers` are those of the origin policy, sent with whatever the answer is."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope, self._receive, self._send = scope, receive, send
        self.is_websocket = scope["type"] == "websocket"
        self.method: str = scope.get("method", "GET")
        self.query = _query(scope.get("query_string", b""))
        self.headers: Headers = []
        self.wire = Wire(send)
        owner = getattr(send, "__self__", None)
        self.picows: PicowsProtocol | None = owner if isinstance(owner, PicowsProtocol) else None
        """What a WebSocket is on, where it can be attached to."""

    def header(self, name: bytes) -> str | None:
        found = [value for key, value in self.scope["headers"] if key.lower() == name]
        return b",".join(found).decode("latin-1") if found else None

    def environ(self) -> dict[str, Any]:
        """What a connect handler is given: the names of PEP 3333. The session id is not among it."""
        client = self.scope.get("client") or ("", 0)
        environ = {
            "REQUEST_METHOD": self.method,
            "PATH_INFO": self.scope["path"],
            "QUERY_STRING": "&".join(f"{key}={value}" for key, value in self.query.items() if key != "sid"),
            "REMOTE_ADDR": client[0],
            "REMOTE_PORT": str(client[1]),
            "SERVER_PROTOCOL": f"HTTP/{self.scope.get('http_version', '1.1')}",
            "wsgi.url_scheme": self.scope.get("scheme", "http"),
        }
        for key, value in self.scope["headers"]:
            # Kept as long as the client stays, and mostly the same for all: interned, they are kept once.
            name = _variable(key)
            text = sys.intern(value.decode("latin-1"))
            environ[name] = f"{environ[name]},{text}" if name in environ else text
        return environ

    async def body(self, limit: int) -> bytes:
        """The request's body, counted while it arrives: over `limit` bytes raises `TooLarge` at once."""
        announced = self.header(b"content-length") or "0"
        if not announced.isdigit() or int(announced) > limit:
            raise TooLarge
        chunks, size = [], 0
        while True:
            event = await self._receive()
            if event["type"] != "http.request":
                raise ConnectionResetError
            chunk = event.get("body", b"")
            size += len(chunk)
            if size > limit:
                raise TooLarge
            chunks.append(chunk)
            if not event.get("more_body"):
                return b"".join(chunks)

    async def gone(self) -> None:
        """Returns when the client has hung up."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def respond(self, status: int, body: str | bytes, headers: Headers) -> None:
        data = body.encode("utf-8", "replace") if isinstance(body, str) else body
        fields = [*headers, *self.headers, ("Content-Length", str(len(data)))]
        await self._begin("http.response.", status, fields)
        await self._send({"type": "http.response.body", "body": data})

    async def refuse(self, refusal: Refused) -> None:
        """The connection ends with it: the rest of a refused body is not waited for."""
        body = json.dumps({"code": refusal.code, "message": refusal.message})
        if not self.is_websocket:
            await self.respond(refusal.status, body, [*_JSON, ("Connection", "close")])
        elif "websocket.http.response" in self.scope.get("extensions", {}):
            await self._begin("websocket.http.response.", refusal.status, [*_JSON, *self.headers])
            await self._send({"type": "websocket.http.response.body", "body": body.encode()})
            # uvicorn logs an error for a handshake that was answered so, unless the connection is gone by then.
            await asyncio.sleep(0.01)
        else:
            await self._send({"type": "websocket.close", "code": 1008})

    async def _begin(self, prefix: str, status: int, fields: Headers) -> None:
        headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in fields]
        await self._send({"type": prefix + "start", "status": status, "headers": headers})

    async def accept_websocket(self, limits: Limits) -> None:
        """Raises `ConnectionResetError` where the client is gone already."""
        if (await self._receive())["type"] != "websocket.connect":
            raise ConnectionResetError
        if self.picows is not None:
            self.picows.limit_messages(limits.max_payload, limits.max_fragments)
        await self._send({"type": "websocket.accept"})
        if self.picows is None:
            self.wire.limit_unsent()

    async def receive_frame(self) -> str | bytes | None:
        """The next WebSocket message, None when the connection is closed."""
        event = await self._receive()
        if event["type"] != "websocket.receive":
            return None
        data = event.get("bytes")
        return data if data is not None else event["text"]

    async def send_frame(self, frame: str | bytes) -> None:
        form = "text" if isinstance(frame, str) else "bytes"
        await self._send({"type": "websocket.send", form: frame})

    async def close_websocket(self, code: int) -> None:
        await self._send({"type": "websocket.close", "code": code})
