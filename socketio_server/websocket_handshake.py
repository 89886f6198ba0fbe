"""The opening handshake of a WebSocket (RFC 6455, 4.2.1), after uvicorn has read its head."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

Scope = dict[str, Any]


def read_handshake(request: Mapping[str, Any], target: bytes) -> tuple[Scope, str]:
    """The ASGI scope, and the key of the handshake. `request` is the scope that uvicorn has begun, without what is in
    its `target`. Raises `ValueError` where it is no handshake."""
    found = dict(request["headers"])
    if request["method"] != "GET":
        raise ValueError("A handshake is a GET request.")
    if found.get(b"sec-websocket-version", b"").strip() != b"13":
        raise ValueError("Only version 13 of WebSocket is spoken here.")
    key = found.get(b"sec-websocket-key", b"").decode("latin-1").strip()
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
