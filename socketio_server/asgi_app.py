"""The door in front of the Socket.IO server: who is asking, and may another session be opened."""

from collections.abc import Callable, Iterable
from typing import Any

import socketio

from foundation.addresses import TrustedProxies
from socketio_server.asgi_request import Receive, Scope, Send
from socketio_server.session_server import Admit

_FORWARDED = (b"x-forwarded-for", b"x-forwarded-proto")
_WEBSOCKET = {"http": "ws", "https": "wss"}


class Guard(socketio.ASGIApp):
    """`socketio.ASGIApp` for a `SocketServer` (or an `EngineServer`).

    `scope["client"]` and `scope["scheme"]` become those of the client, which trusted proxies tell of. The headers in
    which they do are taken away: nothing behind the guard has to know whom to believe. Connect handlers see the
    address as `REMOTE_ADDR`, and `admit` is asked about it before a session is opened; refused ones are answered 429.
    `release` is called with the address when the session has ended.

    To be the outermost application: it has to see the server's own `send` (see `wire.Wire`) and `scope`.
    """

    def __init__(
        self,
        server: Any,
        other_asgi_app: Any = None,
        *,
        path: str = "socket.io",
        trusted_proxies: Iterable[str] = (),
        admit: Admit | None = None,
        release: Callable[[str], None] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(server, other_asgi_app, socketio_path=path, **options)
        self._proxies = TrustedProxies(trusted_proxies)
        engine = getattr(server, "eio", server)
        engine.admit, engine.release = admit, release

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        inner = scope
        if scope["type"] in ("http", "websocket"):
            inner = self._as_the_client_sent_it(scope)
            if b"sid=" in scope.get("query_string", b""):
                # The server's access log reads the query from its own scope after the answer.
                scope["query_string"] = b"sid=hidden"
        await super().__call__(inner, receive, send)

    async def not_found(self, receive: Receive, send: Send) -> None:
        if (await receive())["type"] == "websocket.connect":
            await send({"type": "websocket.close"})
        else:
            await super().not_found(receive, send)

    def _as_the_client_sent_it(self, scope: Scope) -> Scope:
        peer, port = scope.get("client") or ("", 0)
        forwarded = [(name.lower(), value) for name, value in scope["headers"] if name.lower() in _FORWARDED]
        seen = self._proxies.client(peer, *(_joined(forwarded, name) for name in _FORWARDED))
        inner = {**scope, "client": (seen.address or peer, port)}
        if seen.scheme is not None:
            inner["scheme"] = seen.scheme if scope["type"] == "http" else _WEBSOCKET[seen.scheme]
        if forwarded:
            inner["headers"] = [header for header in scope["headers"] if header[0].lower() not in _FORWARDED]
        return inner


def _joined(headers: list[tuple[bytes, bytes]], wanted: bytes) -> str:
    return b",".join(value for name, value in headers if name == wanted).decode("latin-1")
