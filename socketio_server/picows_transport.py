"""The network connection as picows is shown it, so that everything that it writes keeps its place among our own
writes, and so that a connection costs none of the questions that picows asks for its log alone."""

import asyncio
from typing import Any

from socketio_server.write_coalescing import TurnWriter


class _Socket:
    """Answers for the socket below. Its options are set already, `TCP_NODELAY` by asyncio, and are asked for by picows
    to be logged; on uvloop each such question makes a socket object of its own."""

    __slots__ = ("_number",)

    def __init__(self, number: int) -> None:
        self._number = number

    def fileno(self) -> int:
        return self._number

    def setsockopt(self, level: int, option: int, value: int) -> None:
        """It is as it is to be."""

    def getsockopt(self, level: int, option: int) -> int:
        return 0


class PicowsWire:
    """An asyncio transport for `WSTransport` of picows, which writes to the kernel itself as long as nothing is
    buffered here, and to `write` otherwise."""

    __slots__ = ("_out", "_wire")

    def __init__(self, wire: asyncio.Transport, out: TurnWriter) -> None:
        self._wire, self._out = wire, out

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        if name == "socket":
            return _Socket(self._wire.get_extra_info("socket").fileno())
        return self._wire.get_extra_info(name, default) if name == "ssl_object" else default

    def write(self, data: bytes | bytearray) -> None:
        self._out.write(bytes(data))

    def get_write_buffer_size(self) -> int:
        return self._out.buffered()

    def close(self) -> None:
        self._out.flush()
        self._wire.close()

    def abort(self) -> None:
        self._wire.abort()
