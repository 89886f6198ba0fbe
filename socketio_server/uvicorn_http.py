"""HTTP under uvicorn, parsed by httptools, with WebSockets on picows. `HttpProtocol` is the class for uvicorn's `http`
option; the `ws` option must be `none`."""

import asyncio

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.utils import is_ssl

from socketio_server.uvicorn_websocket import PicowsProtocol


class HttpProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol without three costly steps for each connection.

    It does not ask a socket object for its addresses. It searches the headers of a request for a handshake only once.
    And it does not serialize the handshake again for the WebSocket protocol to parse.
    """

    _checked_headers: list[tuple[bytes, bytes]] | None = None
    _is_upgrade = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        self.connections.add(self)
        self.transport = transport
        self.flow = FlowControl(transport)
        self.server = _address(transport, "sockname")
        self.client = _address(transport, "peername")  # type: ignore[assignment]  # ASGI has None as a port too
        self.scheme = "https" if is_ssl(transport) else "http"

    def _should_upgrade(self) -> bool:
        if self._checked_headers is not self.headers:
            self._checked_headers, self._is_upgrade = self.headers, super()._should_upgrade()
        return self._is_upgrade

    def _should_upgrade_to_ws(self) -> bool:
        return True

    def handle_websocket_upgrade(self) -> None:
        self.connections.discard(self)
        protocol = PicowsProtocol(self.config, self.server_state)
        protocol.connection_made(self.transport)
        protocol.handle_upgrade(self.scope, self.url)
        self.transport.set_protocol(protocol)


def _address(transport: asyncio.Transport, name: str) -> tuple[str, int | None] | None:
    """Return the address of one end of the connection, as in an ASGI scope. A Unix socket has a path and no port."""
    address = transport.get_extra_info(name)
    if isinstance(address, str):
        return (address, None) if address else None
    return tuple(address[:2]) if address else None
