"""The ASGI application around the Socket.IO server."""

from collections.abc import Callable, Iterable
from typing import Any

import socketio

from foundation.addresses import TrustedProxies
from socketio_server.asgi_request import Receive, Scope, Send
from socketio_server.session_server import AdmissionCheck

_FORWARDED = (b"x-forwarded-for", b"x-forwarded-proto")
_WEBSOCKET_SCHEMES = {"http": "ws", "https": "wss"}


class SocketApp(socketio.ASGIApp):
    """`socketio.ASGIApp` for a `SocketServer` (or an `EngineServer`).

    Trusted proxies report the client's address and scheme in headers. This class stores them in `scope["client"]` and
    `scope["scheme"]` and removes the headers, so the inner applications need not know which proxies to trust. Connect
    handlers see the address as `REMOTE_ADDR`.

    `trusted_proxies` are networks as in `foundation.addresses.TrustedProxies`. `admit(address)` is called before a
    session is opened; if it returns False, the client receives 429. `on_session_end(address)` is called after an
    admitted session has ended.

    Scopes of other protocols than HTTP, WebSocket and lifespan end without an answer.

    This class must be the outermost application: it needs the web server's own `send` (see `tcp.TCPConnection`) and
    `scope`.
    """

    def __init__(
        self,
        server: Any,
        other_asgi_app: Any = None,
        *,
        path: str = "socket.io",
        trusted_proxies: Iterable[str] = (),
        admit: AdmissionCheck | None = None,
        on_session_end: Callable[[str], None] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(server, other_asgi_app, socketio_path=path, **options)
        self._proxies = TrustedProxies(trusted_proxies)
        engine = getattr(server, "eio", server)
        engine.admit, engine.on_session_end = admit, on_session_end

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.lifespan(scope, receive, send)
        if scope["type"] not in ("http", "websocket"):
            return
        inner = self._resolve_forwarded(scope)
        if scope.get("query_string"):
            # The web server writes the query from its own scope to the access log, after the response. Queries contain
            # ids of sessions, signatures of links, and what people search for.
            scope["query_string"] = b"hidden"
        await super().__call__(inner, receive, send)

    async def not_found(self, receive: Receive, send: Send) -> None:
        if (await receive())["type"] == "websocket.connect":
            await send({"type": "websocket.close"})
        else:
            await super().not_found(receive, send)

    def _resolve_forwarded(self, scope: Scope) -> Scope:
        """Return the scope that the server would see without proxies."""
        peer, port = scope.get("client") or ("", 0)
        forwarded = [(name.lower(), value) for name, value in scope["headers"] if name.lower() in _FORWARDED]
        client = self._proxies.client(peer, *(_joined(forwarded, name) for name in _FORWARDED))
        inner = {**scope, "client": (client.address or peer, port)}
        if client.scheme is not None:
            inner["scheme"] = client.scheme if scope["type"] == "http" else _WEBSOCKET_SCHEMES[client.scheme]
        if forwarded:
            inner["headers"] = [header for header in scope["headers"] if header[0].lower() not in _FORWARDED]
        return inner


def _joined(headers: list[tuple[bytes, bytes]], name: bytes) -> str:
    return b",".join(value for key, value in headers if key == name).decode("latin-1")
