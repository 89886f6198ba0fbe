"""The opening handshake of a WebSocket (RFC 6455, 4.2). uvicorn has parsed the request, and picows responds."""

import base64
import binascii
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

Scope = dict[str, Any]


def read_handshake(request: Mapping[str, Any], target: bytes) -> tuple[Scope, str]:
    """Return the ASGI scope and the key of a handshake. Raises `ValueError` if the handshake is malformed.

    `request` is uvicorn's incomplete scope; `target` is the request target, with the path and the query.
    """
    headers = dict(request["headers"])
    if request["method"] != "GET":
        raise ValueError("A handshake must be a GET request.")
    if headers.get(b"sec-websocket-version", b"").strip() != b"13":
        raise ValueError("Only version 13 of WebSocket is supported.")
    key = headers.get(b"sec-websocket-key", b"").decode("latin-1").strip()
    try:
        if len(base64.b64decode(key, validate=True)) != 16:
            raise ValueError("The key of the handshake is malformed.")
    except binascii.Error:
        raise ValueError("The key of the handshake is malformed.") from None
    path, _, query = target.partition(b"?")
    return {
        "type": "websocket",
        "asgi": {"version": request["asgi"]["version"], "spec_version": "2.4"},
        "http_version": request["http_version"],
        "scheme": "wss" if request["scheme"] == "https" else "ws",
        "server": request["server"],
        "client": request["client"],
        "root_path": request["root_path"],
        "path": request["root_path"] + unquote(path.decode("ascii")),
        "raw_path": path,
        "query_string": query,
        "headers": request["headers"],
        "subprotocols": [],
        "state": request["state"],
        "extensions": {"websocket.http.response": {}},
    }, key


def minimal_handshake(key: str) -> bytes:
    """Return a handshake that picows accepts, with the client's key and none of its other headers."""
    return (
        "GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Key: {key}\r\n\r\n"
    ).encode()


def http_response(status: HTTPStatus, headers: list[tuple[bytes, bytes]], body: bytes) -> bytes:
    """Encode a plain HTTP response that refuses the handshake and closes the connection."""
    names = {name.lower() for name, _ in headers}
    if b"content-length" not in names:
        headers = [*headers, (b"content-length", b"%d" % len(body))]
    if b"connection" not in names:
        headers = [*headers, (b"connection", b"close")]
    lines = b"".join(b"%s: %s\r\n" % header for header in headers)
    return b"HTTP/1.1 %d %s\r\n%s\r\n%s" % (status, status.phrase.encode(), lines, body)
