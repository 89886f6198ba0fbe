"""A TCP proxy that can be told to misbehave, in the words of Shopify's toxiproxy."""

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
UP, DOWN = "up", "down"
"""Towards the server, and back from it."""


@dataclass(frozen=True)
class Toxics:
    """What is done to the bytes of one direction.

    `latency` and `jitter` hold each chunk for so many seconds; `bandwidth` is bytes a second; `timeout` lets
    nothing through while the connection stays open; `slicer` cuts the stream into pieces of so many bytes;
    `limit_data` closes a connection after so many bytes.
    """

    latency: float = 0.0
    jitter: float = 0.0
    bandwidth: int = 0
    timeout: bool = False
    slicer: int = 0
    limit_data: int = 0


@dataclass(eq=False)
class _Link:
    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    passed: dict[str, int] = field(default_factory=lambda: {UP: 0, DOWN: 0})

    def cut(self, *, reset: bool) -> None:
        for writer in (self.client, self.server):
            if reset:
                _linger_zero(writer)
            writer.transport.abort()


class Proxy:
    """Listens on a port of its own and passes on to the first of `upstreams` that takes the connection."""

    def __init__(self, *upstreams: Address) -> None:
        self.upstreams = upstreams
        self.toxics = {UP: Toxics(), DOWN: Toxics()}
        self.port = 0
        self._is_down = False
        self._changed = asyncio.Event()
        self._server: asyncio.Server
        self._links: set[_Link] = set()
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

    # What can go wrong

    def add(self, *directions: str, **toxics: Any) -> None:
        """Add toxics to both directions, or to the named ones (a connection dead in one direction is half open)."""
        for direction in directions or (UP, DOWN):
            self.toxics[direction] = replace(self.toxics[direction], **toxics)
        self._wake()

    def heal(self) -> None:
        """Everything passes again. Connections that stood still go on."""
        self.toxics = {UP: Toxics(), DOWN: Toxics()}
        self._is_down = False
        self._wake()

    @contextlib.contextmanager
    def suffering(self, *directions: str, **toxics: Any) -> Iterator[None]:
        self.add(*directions, **toxics)
        try:
            yield
        finally:
            self.heal()

    def down(self) -> None:
        """Cut every connection, and refuse new ones until `heal`."""
        self._is_down = True
        self.cut()

    def cut(self) -> None:
        """Close every connection."""
        for link in list(self._links):
            link.cut(reset=False)

    def reset_peer(self, share: float = 1.0, rng: random.Random | None = None) -> int:
        """Close connections with a TCP reset, all or a share of them; answers how many."""
        links = list(self._links)
        if share < 1.0:
            links = (rng or random.Random()).sample(links, round(share * len(links)))
        for link in links:
            link.cut(reset=True)
        return len(links)

    @property
    def connections(self) -> int:
        return len(self._links)

    # Passing on

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
            await self._serve(_Link(writer, opened[1]), reader, opened[0])

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        for host, port in self.upstreams:
            with contextlib.suppress(OSError):
                return await asyncio.open_connection(host, port, limit=BUFFER)
        return None

    async def _serve(self, link: _Link, from_client: asyncio.StreamReader, from_server: asyncio.StreamReader) -> None:
        self._links.add(link)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pass(link, UP, from_client, link.server))
                group.create_task(self._pass(link, DOWN, from_server, link.client))
        finally:
            link.cut(reset=False)
            self._links.discard(link)

    async def _pass(
        self, link: _Link, direction: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            while chunk := await reader.read(BUFFER):
                if self.toxics[direction] == Toxics():
                    writer.write(chunk)
                    await writer.drain()
                else:
                    await self._pass_poisoned(link, direction, chunk, writer)
            await self._let_through(direction)
            writer.write_eof()
        except (OSError, RuntimeError):  # uvloop raises the latter where a connection has gone
            await self._let_through(direction)
            link.cut(reset=True)

    async def _pass_poisoned(self, link: _Link, direction: str, chunk: bytes, writer: asyncio.StreamWriter) -> None:
        for piece in _sliced(chunk, self.toxics[direction].slicer):
            await self._let_through(direction)
            toxics = self.toxics[direction]
            pause = toxics.latency + random.uniform(-toxics.jitter, toxics.jitter)
            pause += len(piece) / toxics.bandwidth if toxics.bandwidth else 0.0
            await asyncio.sleep(max(0.0, pause))
            writer.write(piece)
            await writer.drain()
            link.passed[direction] += len(piece)
            if toxics.limit_data and link.passed[direction] >= toxics.limit_data:
                link.cut(reset=False)

    async def _let_through(self, direction: str) -> None:
        while self.toxics[direction].timeout:
            await self._changed.wait()


def _sliced(chunk: bytes, size: int) -> list[bytes]:
    return [chunk[at : at + size] for at in range(0, len(chunk), size)] if size else [chunk]


def _linger_zero(writer: asyncio.StreamWriter) -> None:
    """Closing sends a reset instead of a FIN (socket(7), SO_LINGER)."""
    endpoint = writer.get_extra_info("socket")
    if endpoint is not None:
        with contextlib.suppress(OSError, ValueError):  # it may be closed already
            endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
