"""The door in front of the Socket.IO server: who is asking, and may another session be opened."""

from collections.abc import Callable, Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

import socketio

from realtime.protocol.exchange import Receive, Scope, Send
from realtime.protocol.sessions import Admit


class TrustedProxies:
    """Networks (`10.0.0.0/8`, single addresses) whose `X-Forwarded-For` is believed.

    `unix` stands for a peer without an address, a proxy that speaks through a Unix socket.
    """

    def __init__(self, networks: Iterable[str] = ()) -> None:
        networks = set(networks)
        self._unix = "unix" in networks
        self._networks: list[IPv4Network | IPv6Network] = [ip_network(network) for network in networks - {"unix"}]

    def trusts(self, address: str) -> bool:
        if not address:
            return self._unix
        return any(ip_address(address) in network for network in self._networks)

    def client_address(self, peer: str, forwarded_for: str) -> str:
        """The nearest address that no trusted proxy vouches for: the header is read from the right."""
        address = _canonical(peer) or ""
        for hop in reversed(forwarded_for.split(",")):
            named = _canonical(hop)
            if named is None or not self.trusts(address):
                break
            address = named
        return address


def _canonical(text: str) -> str | None:
    """An address without port and brackets; IPv4 in IPv6 as IPv4. None where there is none."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return str(getattr(address, "ipv4_mapped", None) or address)


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

    def _client(self, scope: Scope) -> tuple[str, int]:
        peer, port = scope.get("client") or ("", 0)
        values = [value for name, value in scope["headers"] if name.lower() == b"x-forwarded-for"]
        if not values:
            return _canonical(peer) or peer, port
        return self._proxies.client_address(peer, b",".join(values).decode("latin-1")), port
