"""Clients that implement the protocols only: for polling, for WebSocket, and on a bare TCP connection."""

import asyncio
import json
import random
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import uvicorn

from socketio_server import SocketApp
from tests.harness.waiting import eventually

WAIT = 10.0
"""Seconds to wait for something that should happen at once."""

SEPARATOR = "\x1e"

DIRECT, OVER_ASGI = "direct", "asgi"
SERVER_OPTIONS = {
    DIRECT: {"http": "socketio_server.uvicorn_http:HttpProtocol", "ws": "none"},
    OVER_ASGI: {"http": "httptools", "ws": "websockets-sansio"},
}
"""The options of uvicorn, by the way in which a WebSocket reaches our server."""


@asynccontextmanager
async def running(
    server: Any, *, path: str = "socket.io", websockets: str = DIRECT, ws_max_size: int = 2**26, **options: Any
) -> AsyncIterator["Site"]:
    """Serve `server` on a free port. `websockets` is one of `SERVER_OPTIONS`; `options` are passed to `SocketApp`."""
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        SocketApp(server, path=path, **options),
        log_config=None,
        lifespan="off",
        **SERVER_OPTIONS[websockets],
        ws_max_size=ws_max_size,
        ws_per_message_deflate=False,
        ws_ping_interval=None,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
    )
    web = uvicorn.Server(config)
    task = asyncio.create_task(web.serve([listening]))
    await eventually(lambda: web.started)
    engine = getattr(server, "eio", server)
    try:
        async with aiohttp.ClientSession() as http:
            site = Site(server, http, listening.getsockname()[1], path)
            yield site
    finally:
        site.hang_up()
        await engine.disconnect()
        web.should_exit = True
        await asyncio.wait_for(task, WAIT)
        await engine.shutdown()


class Site:
    def __init__(self, server: Any, http: aiohttp.ClientSession, port: int, path: str) -> None:
        self.server, self.http, self.port = server, http, port
        self.engine = getattr(server, "eio", server)
        self.url = f"http://127.0.0.1:{port}/{path}/"
        self._opened: list[asyncio.StreamWriter] = []

    def query(self, transport: str, **more: str) -> dict[str, str]:
        return {"EIO": "4", "transport": transport, **more}

    async def get(self, headers: dict[str, str] | None = None, **query: str) -> tuple[int, str]:
        async with self.http.get(self.url, params=query, headers=headers) as answer:
            return answer.status, await answer.text()

    async def websocket(
        self, headers: dict[str, str] | None = None, *, greet: bool = True, **query: str
    ) -> "WebSocket":
        params = self.query("websocket", **query)
        connection = await self.http.ws_connect(self.url, params=params, headers=headers, max_msg_size=0)
        websocket = WebSocket(connection)
        if greet and "sid" not in query:
            websocket.handshake = json.loads((await websocket.next())[1:])
        return websocket

    async def connected(self, payload: str = "", **options: Any) -> "WebSocket":
        """Open a WebSocket and connect it to the main namespace."""
        websocket = await self.websocket(**options)
        await websocket.send("40" + payload)
        websocket.sid = json.loads((await websocket.next())[2:])["sid"]
        return websocket

    async def polling(self, headers: dict[str, str] | None = None) -> "Polling":
        status, text = await self.get(headers, **self.query("polling"))
        assert status == 200, text
        return Polling(self, json.loads(text[1:]))

    async def tcp(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self._opened.append(writer)
        return reader, writer

    def hang_up(self) -> None:
        """Close the bare connections, because an event loop waits for open connections."""
        for writer in self._opened:
            writer.close()

    async def sessions_become(self, count: int) -> None:
        await eventually(lambda: len(self.engine.sockets) == count)


class WebSocket:
    handshake: dict[str, Any]
    sid: str

    def __init__(self, connection: aiohttp.ClientWebSocketResponse) -> None:
        self.connection = connection

    async def send(self, *frames: str | bytes) -> None:
        for frame in frames:
            if isinstance(frame, str):
                await self.connection.send_str(frame)
            else:
                await self.connection.send_bytes(frame)

    async def next(self) -> str | bytes:
        """Return the next frame that is not a ping, and answer the pings before it."""
        while True:
            message = await self.connection.receive(timeout=WAIT)
            assert message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY), message
            if message.data != "2":
                return message.data
            await self.connection.send_str("3")

    async def closed(self) -> int | None:
        """Wait for the end and return the close code; frames before it are ignored."""
        while (await self.connection.receive(timeout=WAIT)).type in (
            aiohttp.WSMsgType.TEXT,
            aiohttp.WSMsgType.BINARY,
        ):
            pass
        return self.connection.close_code

    async def close(self) -> None:
        await self.connection.close()


class Polling:
    def __init__(self, site: Site, handshake: dict[str, Any]) -> None:
        self.site, self.handshake = site, handshake
        self.sid: str = handshake["sid"]

    async def get(self, **more: str) -> tuple[int, str]:
        return await self.site.get(**self.site.query("polling", sid=self.sid, **more))

    async def post(self, body: str | bytes | Any, **more: str) -> tuple[int, str]:
        query = self.site.query("polling", sid=self.sid, **more)
        async with self.site.http.post(self.site.url, params=query, data=body) as answer:
            return answer.status, await answer.text()

    async def packets(self) -> list[str]:
        status, text = await self.get()
        assert status == 200, text
        return text.split(SEPARATOR)

    async def connect(self, payload: str = "") -> None:
        assert await self.post("40" + payload) == (200, "ok")
        (answer,) = await self.packets()
        assert answer.startswith("40{"), answer


HANDSHAKE = (
    "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
    "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
"""Kinds of frames (RFC 6455, 5.2)."""


class RawWebSocket:
    """A WebSocket for reading and writing single frames (RFC 6455, 5.2)."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._masks = random.Random(6455)

    @classmethod
    async def dial(cls, site: Site, sid: str = "") -> "RawWebSocket":
        """Open a WebSocket without a CONNECT packet: with a new session, or as the upgrade of a polling session."""
        reader, writer = await site.tcp()
        writer.write(HANDSHAKE.replace("&transport", f"&sid={sid}&transport").encode())
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), WAIT)
        assert head.startswith(b"HTTP/1.1 101"), head
        websocket = cls(reader, writer)
        if not sid:
            assert (await websocket.next())[1].startswith(b"0{")
        return websocket

    def write(self, kind: int, payload: bytes = b"", *, last: bool = True) -> None:
        """Write a frame, masked as RFC 6455 requires of clients. The data is sent at the next `await`."""
        size, mask = len(payload), self._masks.randbytes(4)
        if size < 126:
            length = bytes([0x80 | size])
        elif size < 65_536:
            length = bytes([0x80 | 126]) + size.to_bytes(2, "big")
        else:
            length = bytes([0x80 | 127]) + size.to_bytes(8, "big")
        masked = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))
        self._writer.write(bytes([(0x80 if last else 0) | kind]) + length + mask + masked)

    def write_message(self, kind: int, *fragments: bytes) -> None:
        for number, fragment in enumerate(fragments, 1):
            self.write(CONTINUATION if number > 1 else kind, fragment, last=number == len(fragments))

    async def next(self) -> tuple[int, bytes]:
        """Return the opcode and payload of the next frame. The server's frames are unfragmented and unmasked."""
        async with asyncio.timeout(WAIT):
            first, size = await self._reader.readexactly(2)
            if size == 126:
                size = int.from_bytes(await self._reader.readexactly(2), "big")
            elif size == 127:
                size = int.from_bytes(await self._reader.readexactly(8), "big")
            assert first & 0x80
            return first & 0x0F, await self._reader.readexactly(size)

    async def closed(self) -> int:
        """Wait for the close frame and return its code; frames before it are ignored."""
        while True:
            kind, payload = await self.next()
            if kind == CLOSE:
                self.write(CLOSE, payload)
                return int.from_bytes(payload[:2], "big")


class NonReadingClient:
    """A client that does not read: what the server sends stays in the smallest possible buffer."""

    def __init__(self) -> None:
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.setblocking(False)
        self.loop = asyncio.get_running_loop()

    @classmethod
    async def dial(cls, site: Site) -> "NonReadingClient":
        client = cls()
        await client.loop.sock_connect(client.socket, ("127.0.0.1", site.port))
        return client

    @classmethod
    async def websocket(cls, site: Site) -> "NonReadingClient":
        """Open a WebSocket and send a CONNECT packet for the main namespace, without reading the response."""
        client = await cls.dial(site)
        await client.write(HANDSHAKE)
        answer = await asyncio.wait_for(client.loop.sock_recv(client.socket, 4096), WAIT)
        assert answer.startswith(b"HTTP/1.1 101")
        await client.send("40")
        return client

    async def write(self, text: str) -> None:
        await self.loop.sock_sendall(self.socket, text.encode())

    async def send(self, text: str) -> None:
        """Send a short masked text frame (RFC 6455, 5.2); the mask is zero."""
        data = text.encode()
        assert len(data) < 126
        await self.loop.sock_sendall(self.socket, bytes([0x81, 0x80 | len(data), 0, 0, 0, 0]) + data)

    async def was_reset(self) -> bool:
        """Read to the end; return whether the connection was reset, as an aborted connection is."""
        try:
            while await asyncio.wait_for(self.loop.sock_recv(self.socket, 1 << 20), WAIT):
                pass
        except ConnectionResetError:
            return True
        finally:
            self.socket.close()
        return False
