"""Access to the TCP connection under an ASGI server."""

import asyncio
import contextlib
import inspect
import socket
import struct
from typing import Any

NOTSENT_LOWAT = 65_536
"""The maximum number of unsent bytes that the kernel holds for one client. A larger buffer (megabytes, with autotuning)
would hide a backlog from the send queue's limits. The window for bytes in flight is not affected."""


def limit_unsent(transport: asyncio.Transport) -> None:
    """Make the kernel report a full buffer early (`TCP_NOTSENT_LOWAT`, tcp(7))."""
    if hasattr(socket, "TCP_NOTSENT_LOWAT"):
        _set_option(transport, socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, NOTSENT_LOWAT)


def reset(transport: asyncio.Transport) -> None:
    """Abort the connection, and discard the bytes that the kernel holds for the client (`SO_LINGER`, socket(7))."""
    _set_option(transport, socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def _set_option(transport: asyncio.Transport, level: int, option: int, value: int | bytes) -> None:
    endpoint = transport.get_extra_info("socket")
    if endpoint is not None:
        with contextlib.suppress(OSError, ValueError):  # the socket can already be closed
            endpoint.setsockopt(level, option, value)


class StallTimer:
    """Measures how long a write buffer has not shrunk. The base class of objects with a write buffer."""

    __slots__ = ("_last_size", "_stalled_since")

    def __init__(self) -> None:
        self._last_size = 0
        self._stalled_since = 0.0

    def buffered_bytes(self) -> int:
        """Return the bytes that wait in the server until the client reads them."""
        raise NotImplementedError

    def stalled_for(self, now: float) -> float:
        """Return the seconds since the buffer last shrank, or 0 while it is empty. Call it at regular intervals."""
        size = self.buffered_bytes()
        if size == 0 or size < self._last_size or self._last_size == 0:
            self._stalled_since = now
        self._last_size = size
        return now - self._stalled_since


class TCPConnection(StallTimer):
    """The connection that an ASGI `send` writes to.

    ASGI cannot abort a connection or report how much data is buffered for it. uvicorn's `send` is a method of the
    object that holds the asyncio transport, and this class finds the transport there, also if an application has
    wrapped `send` with `functools.wraps`. Under other servers the connection can be unknown. Then `reachable` is false,
    `buffered_bytes` returns 0, and `abort` does nothing.
    """

    __slots__ = ("_transport",)

    def __init__(self, send: Any) -> None:
        super().__init__()
        owner = getattr(inspect.unwrap(send), "__self__", None)
        transport = getattr(owner, "tcp_transport", None) or getattr(owner, "transport", None)
        self._transport: asyncio.Transport | None = transport if hasattr(transport, "abort") else None

    @property
    def reachable(self) -> bool:
        return self._transport is not None

    def limit_unsent(self) -> None:
        if self._transport is not None:
            limit_unsent(self._transport)

    def buffered_bytes(self) -> int:
        return self._transport.get_write_buffer_size() if self._transport is not None else 0

    def abort(self) -> None:
        if self._transport is not None:
            reset(self._transport)
