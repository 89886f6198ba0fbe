"""The asyncio transport that is passed to picows. It keeps picows's writes and this server's writes in order. It also
supplies the socket options that picows reads only to log them."""

import asyncio
from typing import Any

from socketio_server.write_coalescing import CoalescingWriter


class _Socket:
    """Replaces the socket of the connection. asyncio has already set the options (`TCP_NODELAY`), and picows reads
    them only to log them. On uvloop each read would create a socket object."""

    __slots__ = ("_fileno",)

    def __init__(self, fileno: int) -> None:
        self._fileno = fileno

    def fileno(self) -> int:
        return self._fileno

    def setsockopt(self, level: int, option: int, value: int) -> None:
        """Do nothing: the option is already set."""

    def getsockopt(self, level: int, option: int) -> int:
        return 0


class PicowsTransport:
    """An asyncio transport for picows's `WSTransport`. picows writes directly to the kernel while nothing is buffered
    here, and calls `write` otherwise."""

    __slots__ = ("_transport", "_writer")

    def __init__(self, transport: asyncio.Transport, writer: CoalescingWriter) -> None:
        self._transport, self._writer = transport, writer

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        if name == "socket":
            return _Socket(self._transport.get_extra_info("socket").fileno())
        return self._transport.get_extra_info(name, default) if name == "ssl_object" else default

    def write(self, data: bytes | bytearray) -> None:
        self._writer.write(bytes(data))

    def get_write_buffer_size(self) -> int:
        return self._writer.buffered_bytes()

    def close(self) -> None:
        self._writer.flush()
        self._transport.close()

    def abort(self) -> None:
        self._transport.abort()
