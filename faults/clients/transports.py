"""The client side of the two Engine.IO 4 transports. https://socket.io/docs/v4/engine-io-protocol/"""

import asyncio
import itertools
from collections import deque
from typing import Protocol
from urllib.parse import urlencode

import aiohttp

SEPARATOR = "\x1e"
MAX_PACKETS_PER_REQUEST = 16


class Transport(Protocol):
    """All methods raise `ConnectionError` once the connection is lost."""

    async def open(self) -> None: ...
    async def send(self, frame: str) -> None: ...
    async def receive(self) -> str: ...
    async def close(self) -> None: ...


class WebSocketTransport:
    def __init__(self, session: aiohttp.ClientSession, base_url: str) -> None:
        self._session = session
        self._url = f"{base_url}/socket.io/?{urlencode({'EIO': 4, 'transport': 'websocket'})}"
        self._socket: aiohttp.ClientWebSocketResponse

    async def open(self) -> None:
        try:
            self._socket = await self._session.ws_connect(self._url, autoping=True, max_msg_size=0)
        except aiohttp.ClientError as error:
            raise ConnectionError(type(error).__name__) from error

    async def send(self, frame: str) -> None:
        try:
            await self._socket.send_str(frame)
        except aiohttp.ClientError as error:
            raise ConnectionError(type(error).__name__) from error

    async def receive(self) -> str:
        message = await self._socket.receive()
        if message.type is not aiohttp.WSMsgType.TEXT:
            raise ConnectionError(f"closed with {self._socket.close_code}")
        return message.data

    async def close(self) -> None:
        await self._socket.close()


class PollingTransport:
    """Long-polling. It sends waiting packets in one request after another, as the official client does. The first
    failed request ends it. Each request has its own connection, because a connection kept from before a restart of the
    worker would lead to another worker."""

    def __init__(self, _session: aiohttp.ClientSession, base_url: str) -> None:
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True))
        self._base = f"{base_url}/socket.io/?"
        self._query: dict[str, str | int] = {"EIO": 4, "transport": "polling"}
        self._numbers = itertools.count()
        self._frames: deque[str] = deque()
        self._outgoing: deque[str] = deque()
        self._posting: asyncio.Task[None] | None = None
        self._broken: asyncio.Future[ConnectionError] = asyncio.get_running_loop().create_future()

    async def open(self) -> None:
        await self._poll()

    async def receive(self) -> str:
        while not self._frames:
            poll = asyncio.create_task(self._poll())
            try:
                await asyncio.wait({poll, self._broken}, return_when=asyncio.FIRST_COMPLETED)
                if self._broken.done():
                    raise self._broken.result()
                await poll
            finally:
                poll.cancel()
        frame = self._frames.popleft()
        if frame.startswith("0"):
            self._query["sid"] = frame.partition('"sid":"')[2].partition('"')[0]
        return frame

    async def _poll(self) -> None:
        self._frames.extend((await self._request("GET")).split(SEPARATOR))

    async def send(self, frame: str) -> None:
        if self._broken.done():
            raise self._broken.result()
        self._outgoing.append(frame)
        if self._posting is None:
            self._posting = asyncio.create_task(self._post())

    async def _post(self) -> None:
        try:
            while self._outgoing:
                frames = [self._outgoing.popleft() for _ in range(min(len(self._outgoing), MAX_PACKETS_PER_REQUEST))]
                await self._request("POST", SEPARATOR.join(frames))
        except ConnectionError as error:
            if not self._broken.done():
                self._broken.set_result(error)
        finally:
            self._posting = None

    async def _request(self, method: str, data: str | None = None) -> str:
        # The official client numbers its requests too: aiohttp and browsers can repeat a GET on their own.
        query = urlencode(self._query | {"t": next(self._numbers)})
        try:
            async with self._session.request(method, self._base + query, data=data) as response:
                text = await response.text()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ConnectionError(type(error).__name__) from error
        if response.status != 200:
            raise ConnectionError(f"the server returned {response.status}")
        return text

    async def close(self) -> None:
        try:
            await self.send("1")
            if self._posting is not None:
                await self._posting
        finally:
            await self._session.close()


TRANSPORTS = {"websocket": WebSocketTransport, "polling": PollingTransport}
