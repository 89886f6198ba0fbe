"""Closes the connections of clients that stop reading a response, and would otherwise hold its file for ever."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from socketio_server.tcp import TCPConnection

Send = Callable[[Mapping[str, Any]], Awaitable[None]]

_INTERVAL = 0.5


class _Watch:
    """The progress of one response."""

    def __init__(self, send: Send, seconds: float) -> None:
        self.is_sent = False
        """Whether the server has the whole response."""
        self.connection = TCPConnection(send)
        self.connection.limit_unsent()
        self._send, self._seconds = send, seconds
        self._sent_at = asyncio.get_running_loop().time()

    async def send(self, event: Mapping[str, Any]) -> None:
        await self._send(event)
        self._sent_at = asyncio.get_running_loop().time()

    async def run(self) -> None:
        """Abort the connection if the client stalls. Returns when the client has read the response."""
        loop = asyncio.get_running_loop()
        while not self.is_sent or self.connection.buffered_bytes():
            await asyncio.sleep(_INTERVAL)
            now = loop.time()
            # A client that reads slowly empties the buffer, even if it takes long until the next chunk fits into it.
            if min(self.connection.stalled_for(now), now - self._sent_at) > self._seconds:
                self.connection.abort()
                return


@asynccontextmanager
async def closing_stalled(send: Send, seconds: float) -> AsyncIterator[Send]:
    """Yield a `send` for one response. If the client takes no byte for `seconds`, its connection is aborted.

    At the end of the block, wait until the client has read the response.
    """
    watch = _Watch(send, seconds)
    task = asyncio.create_task(watch.run())
    try:
        yield watch.send
        watch.is_sent = True
        if watch.connection.buffered_bytes():
            await task
    finally:
        task.cancel()
