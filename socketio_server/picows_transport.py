"""The asyncio transport that picows is given. It keeps picows's writes in order with our own, and answers the questions
that picows asks only for its log."""

import asyncio
from typing import Any

from socketio_server.write_coalescing import CoalescingWriter


class _Socket:
    """Replaces the socket of the connection. asyncio has set its options already (`TCP_NODELAY`), and picows reads
    them to log them; on uvloop each such question makes a socket object."""

    __slots__ = ("_fileno",)

    def __init__(self, fileno: int) -> None:
        self._fileno = fileno

    def fileno(self) -> int:
        return self._fileno

    def setsockopt(self, level: int, option: int, value: int) -> None:
        """The option is set already."""

    def getsockopt(self, level: int, option: int) -> int:
        return 0


class PicowsTransport:
    """An asyncio transport for `WSTransport` of picows, which writes to the kernel by itself as long as nothing is
    buffered here, and to `write` otherwise."""

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
