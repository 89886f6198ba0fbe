"""A Socket.IO 5 client that reconnects like the official client, with `pid` and offset, and records what it receives.

https://socket.io/docs/v4/socket-io-protocol/
"""

import asyncio
import contextlib
import itertools
import random
import time
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import orjson

from faults.clients.rest_client import ApiError
from faults.clients.transports import TRANSPORTS, Transport
from faults.events import describe
from faults.recorder import Recorder
from tests.harness.people import Account

CONNECT_TIMEOUT = 10.0
START_TIMEOUT = 60.0
HEARTBEAT_SECONDS = 45.0
"""Seconds without a ping after which the connection counts as lost: the server's ping interval and time-out."""


class DisconnectedByServer(ConnectionError):
    """The server sent DISCONNECT or CONNECT_ERROR. The official client does not reconnect after either."""


@dataclass(eq=False)
class SocketClient:
    """One client of one user. It joins `conversations` on the first connect. If `rejoins` is set, it joins them again,
    with `after`, on each connect that the server did not recover."""

    name: str
    person: Account
    base_url: str
    recorder: Recorder
    session: aiohttp.ClientSession
    conversations: tuple[str, ...] = ()
    transport: str = "websocket"
    rejoins: bool = True
    may_miss_events: bool = False
    """Set for a client that leaves and joins rooms at random."""
    backoff: float = 0.5
    last_seqs: dict[str, int] = field(default_factory=dict)
    connection: int = 0
    is_connected: bool = False
    ended_by: str | None = None
    disconnected_at: float = 0.0

    def __post_init__(self) -> None:
        self._transport: Transport | None = None
        self._pid: str | None = None
        self._offset: str | None = None
        self._calls: dict[int, asyncio.Future[Any]] = {}
        self._ids = itertools.count()
        self._arrivals = itertools.count(1)
        self._task: asyncio.Task[None] | None = None
        self._joining: asyncio.Task[None] | None = None
        self._stopped = False
        self._lost_because = "no response"
        self.ready = asyncio.Event()
        self.recorder.record("client", client=self.name, user=self.person.id, may_miss_events=self.may_miss_events)

    # --- Connections ---

    async def start(self) -> None:
        """Connect and join, then stay connected until `stop`. Raises `TimeoutError`."""
        self._task = asyncio.create_task(self._keep_connected())
        try:
            async with asyncio.timeout(START_TIMEOUT):
                await self.ready.wait()
        except TimeoutError:
            raise TimeoutError(f"{self.name} ({self.transport}) did not connect: {self._lost_because}") from None

    async def drop(self) -> None:
        """Close the transport. The client reconnects as after any lost connection."""
        if self._transport is not None:
            await self._transport.close()

    async def stop(self) -> None:
        self._stopped = True
        self.recorder.record("stopped", client=self.name)
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _keep_connected(self) -> None:
        while not self._stopped:
            reason = "stopped"
            try:
                await self._connect()
                await self._read()
            except DisconnectedByServer as error:
                self.ended_by = reason = str(error)
                self.recorder.record("ended", client=self.name, reason=reason)
                self._stopped = True
                self.ready.set()
            except (ConnectionError, TimeoutError) as error:
                self._lost_because = reason = str(error) or type(error).__name__
            finally:
                await self._disconnected(reason)
            await asyncio.sleep(self.backoff * random.uniform(0.5, 1.5))

    async def _connect(self) -> None:
        async with asyncio.timeout(CONNECT_TIMEOUT):
            self._transport = TRANSPORTS[self.transport](self.session, self.base_url)
            await self._transport.open()
            await self._transport.receive()
            auth = {"token": self.person.access}
            if self._pid is not None:
                auth |= {"pid": self._pid, "offset": self._offset}
            await self._transport.send("40" + orjson.dumps(auth).decode())
            await self._await_accepted()

    async def _await_accepted(self) -> None:
        while not (frame := await self._transport.receive()).startswith(("40", "44")):
            if frame == "2":
                await self._transport.send("3")
            elif frame.startswith("42"):
                self.recorder.record("early", client=self.name, frame=frame[:100])
        response = orjson.loads(frame[2:])
        if frame.startswith("44"):
            raise DisconnectedByServer(f"refused: {response.get('data', {}).get('code')}")
        recovered = self._pid is not None and response.get("pid") == self._pid
        self._pid = response.get("pid")
        self.connection += 1
        self.is_connected = True
        self.recorder.record("connected", client=self.name, connection=self.connection, recovered=recovered)
        if not recovered and (self.rejoins or self.connection == 1):
            self._joining = asyncio.create_task(self._join_all())

    async def _disconnected(self, reason: str) -> None:
        if self._joining is not None:
            self._joining.cancel()
        if self.is_connected:
            self.recorder.record("disconnected", client=self.name, connection=self.connection, reason=reason[:100])
            self.disconnected_at = time.monotonic()
        self.is_connected = False
        for call in self._calls.values():
            if not call.done():
                call.set_exception(ConnectionError("the connection was lost"))
                call.exception()  # marks it as retrieved: the caller can be cancelled
        self._calls.clear()
        if self._transport is not None:
            transport, self._transport = self._transport, None
            with contextlib.suppress(Exception):
                await asyncio.wait_for(transport.close(), 1)

    # --- Rooms ---

    async def _join_all(self) -> None:
        try:
            await self._join("join_user_room", {"userId": self.person.id}, f"user_{self.person.id}")
            for conversation in self.conversations:
                await self._join("join_conversation", {"conversationId": conversation}, f"conversation_{conversation}")
        except (ConnectionError, TimeoutError, ApiError) as error:
            # The official client would stay without its rooms. This client retries, to observe the rest of the run.
            self.recorder.record("join_failed", client=self.name, error=str(error))
            self._pid = None
            if self._transport is not None:
                await self._transport.close()
        else:
            self.ready.set()

    async def _join(self, command: str, payload: dict[str, Any], room: str) -> None:
        after = self.last_seqs.get(room)
        response = await self.call(command, payload if after is None else payload | {"after": after})
        self.last_seqs.setdefault(room, response["seq"])
        self.recorder.record(
            "joined",
            client=self.name,
            connection=self.connection,
            room=room,
            seq=response["seq"],
            after=after,
            reset=response["reset"],
        )

    async def call(self, event: str, payload: Any, timeout: float = 10.0) -> dict[str, Any]:
        """Send a command and wait for its acknowledgement. Raises `ApiError`, `ConnectionError`, `TimeoutError`."""
        if self._transport is None or not self.is_connected:
            raise ConnectionError("not connected")
        number = next(self._ids)
        call = self._calls[number] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(timeout):
                await self._transport.send(f"42{number}" + orjson.dumps([event, payload]).decode())
                response = await call
        finally:
            self._calls.pop(number, None)
        if not response["success"]:
            raise ApiError(0, response["code"])
        return response

    # --- Received packets ---

    async def _read(self) -> None:
        while True:
            async with asyncio.timeout(HEARTBEAT_SECONDS):
                frame = await self._transport.receive()
            if frame == "2":
                await self._transport.send("3")
            elif frame.startswith("42"):
                self._event(orjson.loads(frame[2:]))
            elif frame.startswith("43"):
                self._acknowledgement(frame[2:])
            elif frame.startswith("41"):
                raise DisconnectedByServer("disconnect")
            elif frame == "1":
                raise ConnectionError("closed by the server")

    def _acknowledgement(self, text: str) -> None:
        number, _, rest = text.partition("[")
        call = self._calls.get(int(number))
        if call is not None and not call.done():
            call.set_result(orjson.loads("[" + rest)[0])

    def _event(self, packet: list[Any]) -> None:
        event, data = packet[0], packet[1]
        if len(packet) > 2 and isinstance(packet[-1], str):
            self._offset = packet[-1]
        seen = describe(event, data, self.person.id)
        if seen["seq"] is not None:
            self.last_seqs[seen["room"]] = max(seen["seq"], self.last_seqs.get(seen["room"], 0))
        self.recorder.record(
            "event", client=self.name, connection=self.connection, n=next(self._arrivals), event=event, **seen
        )
