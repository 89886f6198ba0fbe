"""A Socket.IO 5 client that comes back like the stock one (same `pid` and offset) and writes down what it sees.

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

from faults.api import Refused
from faults.history import History
from faults.links import TRANSPORTS, Link
from tests.harness.people import Account

CONNECT_TIMEOUT = 10.0
START_TIMEOUT = 60.0
HEARTBEAT = 45.0
"""Without a ping for so long (interval and timeout of the server) the connection is given up."""


class Ended(ConnectionError):
    """The server ended it for good: DISCONNECT or CONNECT_ERROR, after which the stock client stays away."""


@dataclass(eq=False)
class SocketClient:
    """One client of one user. `conversations` are joined once, on the first connect, and never again while the
    server says `recovered`; with `rejoins` they are joined after what was last seen when it does not."""

    name: str
    person: Account
    base: str
    history: History
    session: aiohttp.ClientSession
    conversations: tuple[str, ...] = ()
    transport: str = "websocket"
    rejoins: bool = True
    wanders: bool = False
    """Leaves and joins as it likes, so that it need not see everything."""
    backoff: float = 0.5
    seen: dict[str, int] = field(default_factory=dict)
    connection: int = 0
    is_connected: bool = False
    ended_by: str | None = None
    left_at: float = 0.0

    def __post_init__(self) -> None:
        self._link: Link | None = None
        self._pid: str | None = None
        self._offset: str | None = None
        self._calls: dict[int, asyncio.Future[Any]] = {}
        self._ids = itertools.count()
        self._arrivals = itertools.count(1)
        self._task: asyncio.Task[None] | None = None
        self._joining: asyncio.Task[None] | None = None
        self._stopped = False
        self._lost_for = "no answer"
        self.ready = asyncio.Event()
        self.history.record("client", client=self.name, user=self.person.id, wanders=self.wanders)

    # --- Life ---

    async def start(self) -> None:
        """Connect and join, then go on until `stop`. Raises `TimeoutError`."""
        self._task = asyncio.create_task(self._live())
        try:
            async with asyncio.timeout(START_TIMEOUT):
                await self.ready.wait()
        except TimeoutError:
            raise TimeoutError(f"{self.name} ({self.transport}) did not come in: {self._lost_for}") from None

    async def drop(self) -> None:
        """Lose the connection, and come back as after any loss."""
        if self._link is not None:
            await self._link.close()

    async def stop(self) -> None:
        self._stopped = True
        self.history.record("stopped", client=self.name)
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _live(self) -> None:
        while not self._stopped:
            reason = "stopped"
            try:
                await self._connect()
                await self._read()
            except Ended as fault:
                self.ended_by = reason = str(fault)
                self.history.record("ended", client=self.name, reason=reason)
                self._stopped = True
                self.ready.set()
            except (ConnectionError, TimeoutError) as fault:
                self._lost_for = reason = str(fault) or type(fault).__name__
            finally:
                await self._disconnected(reason)
            await asyncio.sleep(self.backoff * random.uniform(0.5, 1.5))

    async def _connect(self) -> None:
        async with asyncio.timeout(CONNECT_TIMEOUT):
            self._link = TRANSPORTS[self.transport](self.session, self.base)
            await self._link.open()
            await self._link.receive()
            auth = {"token": self.person.access}
            if self._pid is not None:
                auth |= {"pid": self._pid, "offset": self._offset}
            await self._link.send("40" + orjson.dumps(auth).decode())
            await self._await_accepted()

    async def _await_accepted(self) -> None:
        while not (frame := await self._link.receive()).startswith(("40", "44")):
            if frame == "2":
                await self._link.send("3")
            elif frame.startswith("42"):
                self.history.record("early", client=self.name, frame=frame[:100])
        answer = orjson.loads(frame[2:])
        if frame.startswith("44"):
            raise Ended(f"refused: {answer.get('data', {}).get('code')}")
        recovered = self._pid is not None and answer.get("pid") == self._pid
        self._pid = answer.get("pid")
        self.connection += 1
        self.is_connected = True
        self.history.record("connected", client=self.name, connection=self.connection, recovered=recovered)
        if not recovered and (self.rejoins or self.connection == 1):
            self._joining = asyncio.create_task(self._join_all())

    async def _disconnected(self, reason: str) -> None:
        if self._joining is not None:
            self._joining.cancel()
        if self.is_connected:
            self.history.record("disconnected", client=self.name, connection=self.connection, reason=reason[:100])
            self.left_at = time.monotonic()
        self.is_connected = False
        for call in self._calls.values():
            if not call.done():
                call.set_exception(ConnectionError("gone"))
                call.exception()  # whoever waited for it may have been cancelled
        self._calls.clear()
        if self._link is not None:
            link, self._link = self._link, None
            with contextlib.suppress(Exception):
                await asyncio.wait_for(link.close(), 1)

    # --- Rooms ---

    async def _join_all(self) -> None:
        try:
            await self._join("join_user_room", {"userId": self.person.id}, f"user_{self.person.id}")
            for conversation in self.conversations:
                await self._join("join_conversation", {"conversationId": conversation}, f"conversation_{conversation}")
        except (ConnectionError, TimeoutError, Refused) as fault:
            # A stock client would stay without its rooms; this one wants to see the rest of the run.
            self.history.record("join_failed", client=self.name, error=str(fault))
            self._pid = None
            if self._link is not None:
                await self._link.close()
        else:
            self.ready.set()

    async def _join(self, command: str, payload: dict[str, Any], room: str) -> None:
        after = self.seen.get(room)
        answer = await self.call(command, payload if after is None else payload | {"after": after})
        self.seen.setdefault(room, answer["seq"])
        self.history.record(
            "joined",
            client=self.name,
            connection=self.connection,
            room=room,
            seq=answer["seq"],
            after=after,
            reset=answer["reset"],
        )

    async def call(self, event: str, payload: Any, timeout: float = 10.0) -> dict[str, Any]:
        """Send a command and wait for its answer. Raises `Refused`, `ConnectionError`, `TimeoutError`."""
        if self._link is None or not self.is_connected:
            raise ConnectionError("not connected")
        number = next(self._ids)
        call = self._calls[number] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(timeout):
                await self._link.send(f"42{number}" + orjson.dumps([event, payload]).decode())
                answer = await call
        finally:
            self._calls.pop(number, None)
        if not answer["success"]:
            raise Refused(0, answer["code"])
        return answer

    # --- What comes in ---

    async def _read(self) -> None:
        while True:
            async with asyncio.timeout(HEARTBEAT):
                frame = await self._link.receive()
            if frame == "2":
                await self._link.send("3")
            elif frame.startswith("42"):
                self._event(orjson.loads(frame[2:]))
            elif frame.startswith("43"):
                self._answer(frame[2:])
            elif frame.startswith("41"):
                raise Ended("disconnect")
            elif frame == "1":
                raise ConnectionError("closed by the server")

    def _answer(self, text: str) -> None:
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
            self.seen[seen["room"]] = max(seen["seq"], self.seen.get(seen["room"], 0))
        self.history.record(
            "event", client=self.name, connection=self.connection, n=next(self._arrivals), event=event, **seen
        )


def describe(event: str, data: dict[str, Any], user_id: str) -> dict[str, Any]:
    """What the checker needs of an event: its room, its place there, what it tells of, and whose data is in it."""
    inner = data.get("data") or {}
    conversation = data.get("conversation_id") or data.get("conversationId") or inner.get("conversation_id")
    message = (data.get("message") or {}).get("id")
    is_own = event in {"notification", "conversation_list_updated", "token_expiring"}
    return {
        "room": f"user_{user_id}" if is_own else f"conversation_{conversation}",
        "seq": data.get("seq"),
        "id": message or data.get("message_id") or inner.get("id"),
        "conversation": conversation,
    }
