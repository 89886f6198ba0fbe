"""The door in front of the Socket.IO server: who is asking, and may another session be opened."""

from collections.abc import Callable, Iterable
from typing import Any

import socketio

from foundation.addresses import TrustedProxies, canonical
from realtime.protocol.exchange import Receive, Scope, Send
from realtime.protocol.sessions import Admit


class Guard(socketio.ASGIApp):
    """`socketio.ASGIApp` for a `SocketServer` (or an `EngineServer`).

    `scope["client"]` becomes the real client's address, which connect handlers see as `REMOTE_ADDR`, and which
    `admit` is asked about before a session is opened; refused ones are answered 429. `release` is called with
    the address when the session has ended.

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
            inner = dict(scope)
            inner["client"] = self._client(scope)
            if b"sid=" in scope.get("query_string", b""):
                # The server's access log reads the query from its own scope after the answer.
                scope["query_string"] = b"sid=hidden"
        await super().__call__(inner, receive, send)

    async def not_found(self, receive: Receive, send: Send) -> None:
        if (await receive())["type"] == "websocket.connect":
            await send({"type": "websocket.close"})
        else:
            await super().not_found(receive, send)

    def _client(self, scope: Scope) -> tuple[str, int]:
        peer, port = scope.get("client") or ("", 0)
        values = [value for name, value in scope["headers"] if name.lower() == b"x-forwarded-for"]
        if not values:
            return canonical(peer) or peer, port
        return self._proxies.client_address(peer, b",".join(values).decode("latin-1")), port
