"""HTTP under uvicorn on httptools: the class for uvicorn's `http` option, with WebSockets on picows. The `ws` option is
`none` then."""

import asyncio

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.utils import is_ssl

from socketio_server.uvicorn_websocket import PicowsProtocol


class HttpProtocol(HttpToolsProtocol):
    """uvicorn's, but for three things that would cost each connection more than they are worth: asking a socket object
    for its addresses, looking through the head of a handshake each time that it asks whether it is one, and writing
    that head anew to have it read a second time."""

    _looked_through: list[tuple[bytes, bytes]] | None = None
    _asks_for_websocket = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        self.connections.add(self)
        self.transport = transport
        self.flow = FlowControl(transport)
        self.server = _address(transport, "sockname")
        self.client = _address(transport, "peername")  # type: ignore[assignment]  # ASGI has None as a port too
        self.scheme = "https" if is_ssl(transport) else "http"

    def _should_upgrade(self) -> bool:
        if self._looked_through is not self.headers:
            self._looked_through, self._asks_for_websocket = self.headers, super()._should_upgrade()
        return self._asks_for_websocket

    def _should_upgrade_to_ws(self) -> bool:
        return True

    def handle_websocket_upgrade(self) -> None:
        self.connections.discard(self)
        protocol = PicowsProtocol(self.config, self.server_state)
        protocol.connection_made(self.transport)
        protocol.begin(self.scope, self.url)
        self.transport.set_protocol(protocol)


def _address(transport: asyncio.Transport, name: str) -> tuple[str, int | None] | None:
    """One end of the connection as ASGI has it: the path of a Unix socket is an address without a port."""
    found = transport.get_extra_info(name)
    if isinstance(found, str):
        return (found, None) if found else None
    return tuple(found[:2]) if found else None
