"""One HTTP request to the Engine.IO server, over ASGI."""

import asyncio
import contextlib
import json
import sys
from collections.abc import Awaitable, Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl

from socketio_server.errors import BodyTooLarge, HTTPError
from socketio_server.tcp import TCPConnection

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Headers = list[tuple[str, str]]

TEXT: Headers = [("Content-Type", "text/plain; charset=UTF-8"), ("Cache-Control", "no-store")]
_LINGER_SECONDS = 5.0
_LINGER_BYTES = 1_048_576

JSON: Headers = [("Content-Type", "application/json"), ("Cache-Control", "no-store")]


@lru_cache(maxsize=256)
def _environ_name(header: bytes) -> str:
    return sys.intern("HTTP_" + header.decode("latin-1").upper().replace("-", "_"))


@lru_cache(maxsize=32)
def _parse_query(text: bytes) -> Mapping[str, str]:
    """Parse a query string. Cached, because most WebSockets are opened with the same query."""
    return MappingProxyType(dict(parse_qsl(text.decode("latin-1"), keep_blank_values=True)))


class ASGIRequest:
    """A request and its response. `cors_headers` are sent with every response, including errors."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope, self._receive, self._send = scope, receive, send
        self.method: str = scope.get("method", "GET")
        self.query = _parse_query(scope.get("query_string", b""))
        self.cors_headers: Headers = []
        self._expects_body = self.method == "POST"
        self.connection = TCPConnection(send)

    def header(self, name: bytes) -> str | None:
        values = [value for key, value in self.scope["headers"] if key.lower() == name]
        return b",".join(values).decode("latin-1") if values else None

    def environ(self) -> dict[str, Any]:
        """Return the environ of a connect handler, with the names of PEP 3333 and without the session id."""
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
            # The environ lives as long as the client, and most values are the same for all clients: intern them.
            name = _environ_name(key)
            text = sys.intern(value.decode("latin-1"))
            environ[name] = f"{environ[name]},{text}" if name in environ else text
        return environ

    async def body(self, limit: int) -> bytes:
        """Return the request's body.

        The bytes are counted while they arrive. Raises `BodyTooLarge` as soon as the body exceeds `limit` bytes, and
        `ConnectionResetError` if the client disconnects first.
        """
        content_length = self.header(b"content-length") or "0"
        if not content_length.isdigit() or int(content_length) > limit:
            raise BodyTooLarge
        chunks, size = [], 0
        while self._expects_body:
            chunk = await self._next_chunk()
            size += len(chunk)
            if size > limit:
                raise BodyTooLarge
            chunks.append(chunk)
        return b"".join(chunks)

    async def _next_chunk(self) -> bytes:
        event = await self._receive()
        if event["type"] != "http.request":
            self._expects_body = False
            raise ConnectionResetError
        self._expects_body = event.get("more_body", False)
        return event.get("body", b"")

    async def wait_disconnected(self) -> None:
        """Wait until the client has closed the connection."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def respond(
        self,
        status: int,
        body: str | bytes,
        headers: Headers,
        *,
        before_end: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Send a response. `before_end()` is awaited after the body is sent, before the response ends."""
        data = body.encode("utf-8", "replace") if isinstance(body, str) else body
        fields = [*headers, *self.cors_headers, ("Content-Length", str(len(data)))]
        await self._start_response("http.response.", status, fields)
        if before_end is not None:
            await self._send({"type": "http.response.body", "body": data, "more_body": True})
            await before_end()
            data = b""
        await self._send({"type": "http.response.body", "body": data})

    async def refuse(self, error: HTTPError) -> None:
        """Respond with an error and close the connection.

        The rest of a refused body is dropped first, within bounds: a browser reads no response while it sends, and a
        closed connection would look like a lost one to it.
        """
        headers = [*error_headers(error), ("Connection", "close")]
        await self.respond(error.status, error_body(error), headers, before_end=self._drop_body)

    async def _drop_body(self) -> None:
        dropped = 0
        with contextlib.suppress(TimeoutError, ConnectionResetError):
            async with asyncio.timeout(_LINGER_SECONDS):
                while self._expects_body and dropped < _LINGER_BYTES:
                    dropped += len(await self._next_chunk())

    async def _start_response(self, prefix: str, status: int, fields: Headers) -> None:
        headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in fields]
        await self._send({"type": prefix + "start", "status": status, "headers": headers})


def error_headers(error: HTTPError) -> Headers:
    return JSON if error.retry_after is None else [*JSON, ("Retry-After", str(error.retry_after))]


def error_body(error: HTTPError) -> str:
    return json.dumps({"code": error.code, "message": error.message})
