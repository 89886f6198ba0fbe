"""The opening handshake of a WebSocket (RFC 6455, 4.2.1), as uvicorn hands it over: as the bytes of a request."""

import base64
import binascii
from typing import Any
from urllib.parse import unquote

Scope = dict[str, Any]


def read_handshake(request: bytes, http: Any, config: Any, state: dict[str, Any]) -> tuple[Scope, str]:
    """The ASGI scope, and the key of the handshake. `http` is uvicorn's protocol that has read the request, and knows
    both ends of the connection. Raises `ValueError` where it is no handshake."""
    first, *lines = request.partition(b"\r\n\r\n")[0].split(b"\r\n")
    target = first.split(b" ")[1]
    headers = [(name.lower(), value.strip()) for name, _, value in (line.partition(b":") for line in lines)]
    found = dict(headers)
    if found.get(b"sec-websocket-version") != b"13":
        raise ValueError("Only version 13 of WebSocket is spoken here.")
    key = found.get(b"sec-websocket-key", b"").decode("latin-1")
    try:
        if len(base64.b64decode(key, validate=True)) != 16:
            raise ValueError("The key of the handshake is malformed.")
    except binascii.Error:
        raise ValueError("The key of the handshake is malformed.") from None
    path, _, query = target.partition(b"?")
    return {
        "type": "websocket",
        "asgi": {"version": config.asgi_version, "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "wss" if http.scheme == "https" else "ws",
        "server": http.server,
        "client": http.client,
        "root_path": config.root_path,
        "path": config.root_path + unquote(path.decode("ascii")),
        "raw_path": path,
        "query_string": query,
        "headers": headers,
        "subprotocols": [],
        "state": state.copy(),
        "extensions": {"websocket.http.response": {}},
    }, key
