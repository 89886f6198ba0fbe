"""The workload of a run. Senders send each message over REST or a socket until it is acknowledged, and observers
receive the events."""

import asyncio
import random
import time
import uuid
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp

from faults.clients.official_client import OfficialClient, OfficialClients
from faults.clients.rest_client import NETWORK_ERRORS, ApiError, RestClient
from faults.clients.socket_client import SocketClient
from faults.cluster.cluster import Cluster
from faults.people import People
from faults.recorder import Recorder
from faults.waiting import wait_until
from tests.harness.people import Account

ATTEMPT_TIMEOUT = 5.0
RETRY_SECONDS = 180.0
CONNECT_CONCURRENCY = 10
VOCABULARY = "lorem ipsum dolor sit amet consetetur sadipscing elitr sed diam nonumy eirmod tempor"


@dataclass(eq=False)
class Workload:
    """The workload sends at least `messages` messages, and more while `continues` is set. All senders together send at
    most `rate` messages a second."""

    cluster: Cluster
    people: People
    recorder: Recorder
    rest: RestClient
    session: aiohttp.ClientSession
    rng: random.Random
    messages: int
    rate: float
    senders: int = 48
    observers_each: int = 2
    """Observers for each user."""
    official_share: float = 0.5
    """The share of the users who have an official client too."""
    socket_share: float = 0.5
    """The share of messages that are sent over a socket if an observer of the sender is connected. All others are sent
    over REST."""
    continues: bool = False
    started: int = 0
    observers: list[SocketClient] = field(default_factory=list)
    acknowledged: int = 0
    given_up: int = 0

    # --- Observers ---

    async def connect_observers(self) -> None:
        """Connect the official clients, and observers of each user to different nodes, one in eight with
        long-polling."""
        official = []
        for number, person in enumerate(self.people.accounts):
            for copy in range(self.observers_each):
                transport = "polling" if (self.observers_each * number + copy) % 8 == 3 else "websocket"
                self.observers.append(self.client(f"observer-{number}-{copy}", person, number + copy, transport))
            if number < self.official_share * len(self.people.accounts):
                transports = ("polling", "websocket") if number % 2 else ("websocket", "polling")
                url = self._url(number + 2)
                official.append(OfficialClient(f"official-{number}", person, url, self.people.of(person), transports))
        self.official = OfficialClients(self.recorder, official)
        await self.official.start()
        for begin in range(0, len(self.observers), CONNECT_CONCURRENCY):
            await asyncio.gather(*(client.start() for client in self.observers[begin : begin + CONNECT_CONCURRENCY]))

    def client(self, name: str, person: Account, node: int, transport: str = "websocket") -> SocketClient:
        return SocketClient(
            name=name,
            person=person,
            base_url=self._url(node),
            recorder=self.recorder,
            session=self.session,
            conversations=self.people.of(person),
            transport=transport,
        )

    def _url(self, number: int) -> str:
        return self.cluster.nodes[number % len(self.cluster.nodes)].url

    async def wait_until_caught_up(self, timeout: float, clients: Iterable[SocketClient] = ()) -> float | None:
        """Wait until all observers and these clients have seen the last event of their rooms. Return the seconds that
        this took, or None after the time-out."""
        begin = time.monotonic()
        while time.monotonic() - begin < timeout:
            if not self._behind(await self.cluster.last_seqs(), [*self.observers, *clients]):
                return time.monotonic() - begin
            await asyncio.sleep(0.25)
        return None

    def _behind(self, last_seqs: dict[str, int], clients: list[SocketClient]) -> list[str]:
        seen = [(client.name, client.person, client.last_seqs) for client in clients if client.ended_by is None]
        seen += [(one.name, one.person, self.official.last_seqs[one.name]) for one in self.official.clients]
        behind = []
        for name, person, seqs in seen:
            rooms = {f"user_{person.id}", *(f"conversation_{one}" for one in self.people.of(person))}
            behind += [name for room, seq in seqs.items() if room in rooms and seq < last_seqs[room]]
        return behind

    async def stop(self) -> None:
        await asyncio.gather(self.official.stop(), *(client.stop() for client in self.observers))

    # --- Senders ---

    async def send(self) -> None:
        """Send all messages. Return when each message was acknowledged, refused or given up."""
        async with asyncio.TaskGroup() as group:
            for number in range(self.senders):
                group.create_task(self._sender(number))

    async def _sender(self, number: int) -> None:
        pause = self.senders / self.rate
        await asyncio.sleep(pause * number / self.senders)
        due = time.monotonic()
        while self.continues or self.started < self.messages:
            self.started += 1
            conversation = self.rng.choice(self.people.conversations)
            sender = self.rng.choice(self.people.pairs[conversation])
            await self.send_message(sender, conversation)
            due = max(due + pause, time.monotonic() - 5 * pause)
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def send_message(self, sender: Account, conversation: str) -> None:
        client_message_id = str(uuid.uuid4())
        body = {"conversation_id": conversation, "message": self._text(), "client_message_id": client_message_id}
        await self.send_until_acknowledged(sender, body)
        self.acknowledged += 1

    async def send_until_acknowledged(self, sender: Account, body: dict[str, str]) -> None:
        """Send one message, and retry with the same `client_message_id` until it is acknowledged or refused."""
        deadline = time.monotonic() + RETRY_SECONDS
        attempt = 0
        while time.monotonic() < deadline:
            attempt += 1
            try:
                await self._attempt(sender, body, attempt)
            except NETWORK_ERRORS as error:
                self._record("error", body, error=type(error).__name__)
            except ApiError as error:
                kind = "error" if error.is_retryable else "refused"
                self._record(
                    kind, body, error=str(error), user=sender.id, room=f"conversation_{body['conversation_id']}"
                )
                if not error.is_retryable:
                    return
            else:
                return
            await asyncio.sleep(self.rng.uniform(0.1, 0.5))
        self.given_up += 1
        self._record("given_up", body)

    async def _attempt(self, sender: Account, body: dict[str, str], attempt: int) -> None:
        clients = [one for one in self.observers if one.person is sender and one.is_connected]
        over_socket = clients and self.rng.random() < self.socket_share
        begin = time.monotonic()
        self._record("request", body, over="socket" if over_socket else "rest", attempt=attempt)
        if over_socket:
            response = await self.rng.choice(clients).call("send_message", body, timeout=ATTEMPT_TIMEOUT)
        else:
            url = self._url(self.rng.randrange(len(self.cluster.nodes)))
            _, response = await self.rest.call(
                url, "POST", "/api/messages", person=sender, json=body, timeout=ATTEMPT_TIMEOUT
            )
        message = response["message"]
        took = time.monotonic() - begin
        self._record("ack", body, id=message["id"], seq=message["seq"], took=took, begun=begin)

    def _record(self, kind: str, body: dict[str, str], **members: object) -> None:
        self.recorder.record(kind, client_message_id=body["client_message_id"], **members)

    def _text(self) -> str:
        return " ".join(self.rng.choices(VOCABULARY.split(), k=self.rng.randrange(3, 20)))

    async def after(self, share: float) -> None:
        """Wait until this share of the messages is acknowledged."""
        await wait_until(lambda: self.acknowledged >= share * self.messages, timeout=3600)


@asynccontextmanager
async def sending(workload: Workload) -> AsyncIterator[Workload]:
    """Send messages while the block runs, then wait until all are acknowledged."""
    workload.continues = True
    task = asyncio.create_task(workload.send())
    try:
        yield workload
        workload.continues = False
        await task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
