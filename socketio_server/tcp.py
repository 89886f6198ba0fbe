"""The network connection below an ASGI server, as far as it can be seen."""

import asyncio
import contextlib
import socket
import struct
from typing import Any

UNSENT = 65_536
"""Bytes that the kernel may hold unsent for one client. What it holds beyond this would be a backlog that nobody
counts (megabytes, with autotuned buffers); the window for what is on its way is not touched by it."""


def limit_unsent(transport: asyncio.Transport) -> None:
    """Have the kernel push back early (`TCP_NOTSENT_LOWAT`, tcp(7))."""
    if hasattr(socket, "TCP_NOTSENT_LOWAT"):
        _set_option(transport, socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT)


def cut(transport: asyncio.Transport) -> None:
    """End the connection. What the kernel holds for the peer goes with it (`SO_LINGER`, socket(7))."""
    _set_option(transport, socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def _set_option(transport: asyncio.Transport, level: int, option: int, value: int | bytes) -> None:
    endpoint = transport.get_extra_info("socket")
    if endpoint is not None:
        with contextlib.suppress(OSError, ValueError):  # it may be closed already
            endpoint.setsockopt(level, option, value)


class Wire:
    """The asyncio transport on which an ASGI `send` writes.

    ASGI has no means to cut a connection whose peer does not read, nor to ask what is still buffered for it.
    uvicorn's `send` is a method of the object that holds the asyncio transport, so there it can be seen; on a
    server where it cannot, a `Wire` is empty: it buffers nothing and cutting it does nothing.
    """

    __slots__ = ("_seen", "_since", "_transport")

    def __init__(self, send: Any) -> None:
        owner = getattr(send, "__self__", None)
        transport = getattr(owner, "wire", None) or getattr(owner, "transport", None)
        self._transport: asyncio.Transport | None = transport if hasattr(transport, "abort") else None
        self._seen = 0
        self._since = 0.0

    @property
    def visible(self) -> bool:
        return self._transport is not None

    def limit_unsent(self) -> None:
        if self._transport is not None:
            limit_unsent(self._transport)

    def buffered(self) -> int:
        """Bytes that the server holds for a peer that has not taken them yet."""
        return self._transport.get_write_buffer_size() if self._transport is not None else 0

    def stuck_for(self, now: float) -> float:
        """Seconds since the buffer was last seen to shrink; 0 while it is empty. To be asked at a steady pace."""
        size = self.buffered()
        if size == 0 or size < self._seen or self._seen == 0:
            self._since = now
        self._seen = size
        return now - self._since

    def abort(self) -> None:
        if self._transport is not None:
            cut(self._transport)
