"""Observers that watch, and senders that send until everything is acknowledged, over REST and sockets in turn."""

import asyncio
import random
import time
import uuid
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp

from faults.api import Api, Refused
from faults.clients import SocketClient
from faults.history import History
from faults.people import People
from faults.stage import Stage
from faults.stock import StockClient, StockClients
from faults.waiting import until
from tests.harness.people import Account

PASSING = (aiohttp.ClientError, ConnectionError, TimeoutError)
"""What the network raises, after which the same is tried again."""
ATTEMPT_TIMEOUT = 5.0
GIVE_UP = 180.0
AT_ONCE = 10
"""Clients that connect at the same time."""
WORDS = "lorem ipsum dolor sit amet consetetur sadipscing elitr sed diam nonumy eirmod tempor"


@dataclass(eq=False)
class Traffic:
    """`messages` are sent at least, and more while `goes_on`; `rate` is messages a second in all, as far as the server
    keeps up."""

    stage: Stage
    people: People
    history: History
    api: Api
    session: aiohttp.ClientSession
    rng: random.Random
    messages: int
    rate: float
    senders: int = 48
    copies: int = 2
    """Clients that watch for each person."""
    stock_share: float = 0.5
    socket_share: float = 0.5
    """Of the messages, where the sender has a client that is connected; the others go over REST."""
    goes_on: bool = False
    begun: int = 0
    observers: list[SocketClient] = field(default_factory=list)
    acked: int = 0
    unacked: int = 0

    # --- Observers ---

    async def watch(self) -> None:
        """Clients for each person at different doors, one in eight by long-polling; stock ones for some."""
        stock = []
        for number, person in enumerate(self.people.everybody):
            for copy in range(self.copies):
                transport = "polling" if (self.copies * number + copy) % 8 == 3 else "websocket"
                self.observers.append(self.client(f"observer-{number}-{copy}", person, number + copy, transport))
            if number < self.stock_share * len(self.people.everybody):
                transports = ("polling", "websocket") if number % 2 else ("websocket", "polling")
                url = self._url(number + 2)
                stock.append(StockClient(f"stock-{number}", person, url, self.people.of(person), transports))
        self.stock = StockClients(self.history, stock)
        await self.stock.start()
        for begin in range(0, len(self.observers), AT_ONCE):
            await asyncio.gather(*(client.start() for client in self.observers[begin : begin + AT_ONCE]))

    def client(self, name: str, person: Account, door: int, transport: str = "websocket") -> SocketClient:
        return SocketClient(
            name=name,
            person=person,
            base=self._url(door),
            history=self.history,
            session=self.session,
            conversations=self.people.of(person),
            transport=transport,
        )

    def _url(self, number: int) -> str:
        return self.stage.seats[number % len(self.stage.seats)].url

    async def settle(self, timeout: float, clients: Iterable[SocketClient] = ()) -> float | None:
        """Wait until every observer (and these others) has seen the end of its rooms; answers how long that took,
        None if it did not come to pass."""
        begin = time.monotonic()
        while time.monotonic() - begin < timeout:
            if not self._behind(await self.stage.room_ends(), [*self.observers, *clients]):
                return time.monotonic() - begin
            await asyncio.sleep(0.25)
        return None

    def _behind(self, ends: dict[str, int], clients: list[SocketClient]) -> list[str]:
        seen = [(client.name, client.person, client.seen) for client in clients if client.ended_by is None]
        seen += [(one.name, one.person, self.stock.seen[one.name]) for one in self.stock.clients]
        behind = []
        for name, person, positions in seen:
            rooms = {f"user_{person.id}", *(f"conversation_{one}" for one in self.people.of(person))}
            behind += [name for room, seq in positions.items() if room in rooms and seq < ends[room]]
        return behind

    async def stop(self) -> None:
        await asyncio.gather(self.stock.stop(), *(client.stop() for client in self.observers))

    # --- Senders ---

    async def send(self) -> None:
        """Send all messages; returns when each was acknowledged, refused or given up."""
        async with asyncio.TaskGroup() as group:
            for number in range(self.senders):
                group.create_task(self._sender(number))

    async def _sender(self, number: int) -> None:
        pause = self.senders / self.rate
        await asyncio.sleep(pause * number / self.senders)
        due = time.monotonic()
        while self.goes_on or self.begun < self.messages:
            self.begun += 1
            conversation = self.rng.choice(self.people.conversations)
            sender = self.rng.choice(self.people.pairs[conversation])
            await self.deliver(sender, conversation)
            due = max(due + pause, time.monotonic() - 5 * pause)
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def deliver(self, sender: Account, conversation: str) -> None:
        client_message_id = str(uuid.uuid4())
        body = {"conversation_id": conversation, "message": self._text(), "client_message_id": client_message_id}
        await self.insist(sender, body)
        self.acked += 1

    async def insist(self, sender: Account, body: dict[str, str]) -> None:
        """One message, tried again under the same `client_message_id` until it is acknowledged."""
        until = time.monotonic() + GIVE_UP
        attempt = 0
        while time.monotonic() < until:
            attempt += 1
            try:
                await self._attempt(sender, body, attempt)
            except PASSING as fault:
                self._record("error", body, error=type(fault).__name__)
            except Refused as fault:
                kind = "error" if fault.is_passing else "refused"
                self._record(
                    kind, body, error=str(fault), user=sender.id, room=f"conversation_{body['conversation_id']}"
                )
                if not fault.is_passing:
                    return
            else:
                return
            await asyncio.sleep(self.rng.uniform(0.1, 0.5))
        self.unacked += 1
        self._record("given_up", body)

    async def _attempt(self, sender: Account, body: dict[str, str], attempt: int) -> None:
        clients = [one for one in self.observers if one.person is sender and one.is_connected]
        over_socket = clients and self.rng.random() < self.socket_share
        begin = time.monotonic()
        self._record("request", body, over="socket" if over_socket else "rest", attempt=attempt)
        if over_socket:
            answer = await self.rng.choice(clients).call("send_message", body, timeout=ATTEMPT_TIMEOUT)
        else:
            url = self._url(self.rng.randrange(len(self.stage.seats)))
            _, answer = await self.api.call(
                url, "POST", "/api/messages", person=sender, json=body, timeout=ATTEMPT_TIMEOUT
            )
        message = answer["message"]
        took = time.monotonic() - begin
        self._record("ack", body, id=message["id"], seq=message["seq"], took=took, begun=begin)

    def _record(self, kind: str, body: dict[str, str], **members: object) -> None:
        self.history.record(kind, client_message_id=body["client_message_id"], **members)

    def _text(self) -> str:
        return " ".join(self.rng.choices(WORDS.split(), k=self.rng.randrange(3, 20)))

    async def after(self, share: float) -> None:
        """Wait until a share of the messages is acknowledged."""
        await until(lambda: self.acked >= share * self.messages, timeout=3600)


@asynccontextmanager
async def flowing(traffic: Traffic) -> AsyncIterator[Traffic]:
    """Messages flow for as long as the block runs; it ends when all were acknowledged."""
    traffic.goes_on = True
    sending = asyncio.create_task(traffic.send())
    try:
        yield traffic
        traffic.goes_on = False
        await sending
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
