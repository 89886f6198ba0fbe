"""The TCP connection under an ASGI server, as far as it can be reached."""

import asyncio
import contextlib
import socket
import struct
from typing import Any

NOTSENT_LOWAT = 65_536
"""Bytes that the kernel may hold unsent for one client. More would be a backlog that nobody counts (megabytes, with
autotuned buffers). The window for bytes in flight is not affected."""


def limit_unsent(transport: asyncio.Transport) -> None:
    """Make the kernel report a full buffer early (`TCP_NOTSENT_LOWAT`, tcp(7))."""
    if hasattr(socket, "TCP_NOTSENT_LOWAT"):
        _set_option(transport, socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, NOTSENT_LOWAT)


def reset(transport: asyncio.Transport) -> None:
    """Abort the connection, and discard what the kernel holds for the client (`SO_LINGER`, socket(7))."""
    _set_option(transport, socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def _set_option(transport: asyncio.Transport, level: int, option: int, value: int | bytes) -> None:
    endpoint = transport.get_extra_info("socket")
    if endpoint is not None:
        with contextlib.suppress(OSError, ValueError):  # it may be closed already
            endpoint.setsockopt(level, option, value)


class StallTimer:
    """Measures how long a write buffer has not shrunk. Base class of what has such a buffer."""

    __slots__ = ("_last_size", "_stalled_since")

    def __init__(self) -> None:
        self._last_size = 0
        self._stalled_since = 0.0

    def buffered_bytes(self) -> int:
        """Bytes that the server holds for a client that has not taken them yet."""
        raise NotImplementedError

    def stalled_for(self, now: float) -> float:
        """Seconds since the buffer was last seen to shrink; 0 while it is empty. Call it at regular intervals."""
        size = self.buffered_bytes()
        if size == 0 or size < self._last_size or self._last_size == 0:
            self._stalled_since = now
        self._last_size = size
        return now - self._stalled_since


class TCPConnection(StallTimer):
    """The connection that an ASGI `send` writes to.

    ASGI can neither abort a connection whose client does not read, nor say how much is buffered for it. uvicorn's
    `send` is a method of the object that holds the asyncio transport, so there the connection is found. With other
    servers it may not be `reachable`: then nothing counts as buffered, and `abort` does nothing.
    """

    __slots__ = ("_transport",)

    def __init__(self, send: Any) -> None:
        super().__init__()
        owner = getattr(send, "__self__", None)
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
