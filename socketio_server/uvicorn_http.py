"""HTTP under uvicorn on httptools: the class for uvicorn's `http` option, with WebSockets on picows. The `ws` option is
then `none`."""

import asyncio

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.utils import is_ssl

from socketio_server.uvicorn_websocket import PicowsProtocol


class HttpProtocol(HttpToolsProtocol):
    """uvicorn's, without three things that cost each connection more than they are worth: asking a socket object for
    its addresses, searching the headers each time it is asked whether a request is a handshake, and writing out the
    handshake so that the WebSocket protocol can parse it again."""

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
    """One end of the connection as in an ASGI scope: the path of a Unix socket is an address without a port."""
    address = transport.get_extra_info(name)
    if isinstance(address, str):
        return (address, None) if address else None
    return tuple(address[:2]) if address else None
