"""The two Engine.IO 4 transports, from the client's side. https://socket.io/docs/v4/engine-io-protocol/"""

import asyncio
import itertools
from collections import deque
from typing import Protocol
from urllib.parse import urlencode

import aiohttp

SEPARATOR = "\x1e"
AT_ONCE = 16
"""Packets in one request with data."""


class Link(Protocol):
    """An open transport. Everything raises `ConnectionError` once it is gone."""

    async def open(self) -> None: ...
    async def send(self, frame: str) -> None: ...
    async def receive(self) -> str: ...
    async def close(self) -> None: ...


class WebSocketLink:
    def __init__(self, session: aiohttp.ClientSession, base: str) -> None:
        self._session = session
        self._url = f"{base}/socket.io/?{urlencode({'EIO': 4, 'transport': 'websocket'})}"
        self._socket: aiohttp.ClientWebSocketResponse

    async def open(self) -> None:
        try:
            self._socket = await self._session.ws_connect(self._url, autoping=True, max_msg_size=0)
        except aiohttp.ClientError as fault:
            raise ConnectionError(type(fault).__name__) from fault

    async def send(self, frame: str) -> None:
        try:
            await self._socket.send_str(frame)
        except aiohttp.ClientError as fault:
            raise ConnectionError(type(fault).__name__) from fault

    async def receive(self) -> str:
        message = await self._socket.receive()
        if message.type is not aiohttp.WSMsgType.TEXT:
            raise ConnectionError(f"closed with {self._socket.close_code}")
        return message.data

    async def close(self) -> None:
        await self._socket.close()


class PollingLink:
    """Sends what has gathered in one request after the other, as the stock client does, and is gone with the first
    that fails. Each request has a connection of its own, so that all are led to the same worker: connections that
    were kept from before it was killed and came back would lead elsewhere."""

    def __init__(self, _session: aiohttp.ClientSession, base: str) -> None:
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True))
        self._base = f"{base}/socket.io/?"
        self._query: dict[str, str | int] = {"EIO": 4, "transport": "polling"}
        self._marks = itertools.count()
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
                frames = [self._outgoing.popleft() for _ in range(min(len(self._outgoing), AT_ONCE))]
                await self._request("POST", SEPARATOR.join(frames))
        except ConnectionError as fault:
            if not self._broken.done():
                self._broken.set_result(fault)
        finally:
            self._posting = None

    async def _request(self, method: str, data: str | None = None) -> str:
        # Marked like those of the stock client: the library sends a GET once more by itself, as browsers do.
        query = urlencode(self._query | {"t": next(self._marks)})
        try:
            async with self._session.request(method, self._base + query, data=data) as answer:
                text = await answer.text()
        except (aiohttp.ClientError, TimeoutError) as fault:
            raise ConnectionError(type(fault).__name__) from fault
        if answer.status != 200:
            raise ConnectionError(f"answered {answer.status}")
        return text

    async def close(self) -> None:
        try:
            await self.send("1")
            if self._posting is not None:
                await self._posting
        finally:
            await self._session.close()


TRANSPORTS = {"websocket": WebSocketLink, "polling": PollingLink}
