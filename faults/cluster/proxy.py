"""A TCP proxy that injects faults. It uses the terms of Shopify's Toxiproxy."""

import asyncio
import contextlib
import random
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

Address = tuple[str, int]
BUFFER = 65_536
UPSTREAM, DOWNSTREAM = "upstream", "downstream"
"""The direction from the client to the server, and the direction from the server to the client."""


@dataclass(frozen=True)
class Toxics:
    """The faults of one direction.

    `latency` and `jitter` delay each chunk, in seconds. `bandwidth` is the limit in bytes a second. `timeout` stops all
    data, but keeps the connection open. `slicer` splits the stream into pieces of this number of bytes. `limit_data`
    closes a connection after this number of bytes.
    """

    latency: float = 0.0
    jitter: float = 0.0
    bandwidth: int = 0
    timeout: bool = False
    slicer: int = 0
    limit_data: int = 0


@dataclass(eq=False)
class _Connection:
    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    forwarded: dict[str, int] = field(default_factory=lambda: {UPSTREAM: 0, DOWNSTREAM: 0})

    def cut(self, *, reset: bool) -> None:
        for writer in (self.client, self.server):
            if reset:
                _linger_zero(writer)
            writer.transport.abort()


class Proxy:
    """Listens on its own port, and forwards to the first of `upstreams` that accepts the connection."""

    def __init__(self, *upstreams: Address) -> None:
        self.upstreams = upstreams
        self.toxics = {UPSTREAM: Toxics(), DOWNSTREAM: Toxics()}
        self.port = 0
        self._is_down = False
        self._changed = asyncio.Event()
        self._server: asyncio.Server
        self._connections: set[_Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port, limit=BUFFER)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self._server.close()
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # --- Faults ---

    def add(self, *directions: str, **toxics: Any) -> None:
        """Add toxics to both directions or to the given directions. A connection that is stopped in one direction is
        half open."""
        for direction in directions or (UPSTREAM, DOWNSTREAM):
            self.toxics[direction] = replace(self.toxics[direction], **toxics)
        self._wake()

    def heal(self) -> None:
        """Remove all toxics. Stopped connections continue."""
        self.toxics = {UPSTREAM: Toxics(), DOWNSTREAM: Toxics()}
        self._is_down = False
        self._wake()

    @contextlib.contextmanager
    def with_toxics(self, *directions: str, **toxics: Any) -> Iterator[None]:
        self.add(*directions, **toxics)
        try:
            yield
        finally:
            self.heal()

    def down(self) -> None:
        """Cut every connection, and refuse new connections until `heal`."""
        self._is_down = True
        self.cut()

    def cut(self) -> None:
        """Close every connection."""
        for connection in list(self._connections):
            connection.cut(reset=False)

    def reset_peer(self, share: float = 1.0, rng: random.Random | None = None) -> int:
        """Close all connections, or a random share of them, with a TCP reset. Return their number."""
        connections = list(self._connections)
        if share < 1.0:
            connections = (rng or random.Random()).sample(connections, round(share * len(connections)))
        for connection in connections:
            connection.cut(reset=True)
        return len(connections)

    @property
    def connections(self) -> int:
        return len(self._connections)

    # --- Forwarding ---

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._handle(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opened = None if self._is_down else await self._connect()
        if opened is None:
            _linger_zero(writer)
            writer.transport.abort()
        else:
            await self._serve(_Connection(writer, opened[1]), reader, opened[0])

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        for host, port in self.upstreams:
            with contextlib.suppress(OSError):
                return await asyncio.open_connection(host, port, limit=BUFFER)
        return None

    async def _serve(
        self, connection: _Connection, from_client: asyncio.StreamReader, from_server: asyncio.StreamReader
    ) -> None:
        self._connections.add(connection)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._forward(connection, UPSTREAM, from_client, connection.server))
                group.create_task(self._forward(connection, DOWNSTREAM, from_server, connection.client))
        finally:
            connection.cut(reset=False)
            self._connections.discard(connection)

    async def _forward(
        self, connection: _Connection, direction: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            while chunk := await reader.read(BUFFER):
                if self.toxics[direction] == Toxics():
                    writer.write(chunk)
                    await writer.drain()
                else:
                    await self._forward_with_toxics(connection, direction, chunk, writer)
            await self._wait_while_stopped(direction)
            writer.write_eof()
        except (OSError, RuntimeError):  # uvloop raises RuntimeError if the connection is closed
            await self._wait_while_stopped(direction)
            connection.cut(reset=True)

    async def _forward_with_toxics(
        self, connection: _Connection, direction: str, chunk: bytes, writer: asyncio.StreamWriter
    ) -> None:
        for piece in _sliced(chunk, self.toxics[direction].slicer):
            await self._wait_while_stopped(direction)
            toxics = self.toxics[direction]
            pause = toxics.latency + random.uniform(-toxics.jitter, toxics.jitter)
            pause += len(piece) / toxics.bandwidth if toxics.bandwidth else 0.0
            await asyncio.sleep(max(0.0, pause))
            writer.write(piece)
            await writer.drain()
            connection.forwarded[direction] += len(piece)
            if toxics.limit_data and connection.forwarded[direction] >= toxics.limit_data:
                connection.cut(reset=False)

    async def _wait_while_stopped(self, direction: str) -> None:
        while self.toxics[direction].timeout:
            await self._changed.wait()


def _sliced(chunk: bytes, size: int) -> list[bytes]:
    return [chunk[at : at + size] for at in range(0, len(chunk), size)] if size else [chunk]


def _linger_zero(writer: asyncio.StreamWriter) -> None:
    """Let the next close send a reset instead of a FIN (socket(7), SO_LINGER)."""
    endpoint = writer.get_extra_info("socket")
    if endpoint is not None:
        with contextlib.suppress(OSError, ValueError):  # the socket can be closed already
            endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
