"""Clients that connect, join a room, and then stop reading."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson

from faults.clients.raw_client import RawClient
from faults.cluster.bulk_send import bulk_send
from faults.cluster.cluster import Node
from faults.cluster.worker import Worker
from faults.metrics import percentile
from faults.scenario import Run, scenario
from tests.harness.people import Account

RECEIVE_BUFFER = 4096
TEXT = "x" * 3000
PONG_SECONDS = 5.0
"""Seconds between two pongs, which is less than the server waits for a pong."""


class SlowReader:
    """A client that joins a room and reads until `stop_reading`. It never stops sending pongs."""

    def __init__(self, worker: Worker, person: Account) -> None:
        self._worker, self._person = worker, person
        self._client: RawClient | None = None
        self._reading: asyncio.Task[None] | None = None
        self._ponging: asyncio.Task[None] | None = None

    async def start(self, conversation: str) -> None:
        self._client = await RawClient.upgrade(self._worker, receive_buffer=RECEIVE_BUFFER)
        self._client.frame(b"40" + orjson.dumps({"token": self._person.access}))
        self._client.frame(b"420" + orjson.dumps(["join_conversation", conversation]))
        async with asyncio.timeout(30):
            await self._client.reader.readuntil(b"430[")
        self._reading = asyncio.create_task(self._read())
        self._ponging = asyncio.create_task(self._pong())

    async def _pong(self) -> None:
        while not self._client.writer.transport.is_closing():
            self._client.frame(b"3")
            await asyncio.sleep(PONG_SECONDS)

    async def _read(self) -> None:
        with contextlib.suppress(OSError):
            while await self._client.reader.read(65_536):
                pass

    def stop_reading(self, pause: float | None = None) -> None:
        """Stop reading, or read only a little after each `pause` (seconds)."""
        self._reading.cancel()
        self._client.writer.transport.pause_reading()
        if pause is not None:
            self._reading = asyncio.create_task(self._read_slowly(pause))

    async def _read_slowly(self, pause: float) -> None:
        transport = self._client.writer.transport
        with contextlib.suppress(OSError):
            while not transport.is_closing():
                await asyncio.sleep(pause)
                transport.resume_reading()
                await self._client.reader.read(RECEIVE_BUFFER)
                transport.pause_reading()

    def close(self) -> None:
        # Abort instead of closing: the server's close frame would arrive after data that nobody reads.
        for task in (self._reading, self._ponging):
            if task is not None:
                task.cancel()
        if self._client is not None:
            self._client.close()


@asynccontextmanager
async def _in_room(node: Node, reader: Account, conversation: str, number: int) -> AsyncIterator[list[SlowReader]]:
    """Provide this number of clients of one user, all in one room."""
    readers = [SlowReader(node.worker, reader) for _ in range(number)]
    try:
        for start in range(0, number, 50):
            await asyncio.gather(*(one.start(conversation) for one in readers[start : start + 50]))
        yield readers
    finally:
        for one in readers:
            one.close()


def _stop_reading(readers: list[SlowReader]) -> None:
    """Stop nine of ten clients. The tenth client still reads, with long pauses."""
    for number, one in enumerate(readers):
        one.stop_reading(pause=3.0 if number % 10 == 9 else None)


@scenario("slow-readers", "hundreds of clients in a busy room read nothing or only a little")
async def slow_readers(run: Run) -> None:
    node = run.cluster.nodes[0]
    conversation = run.people.conversations[0]
    sender, reader = run.people.pairs[conversation]
    number = 100 if run.quick else 1000
    async with run.workload_running(share=0.2), _in_room(node, reader, conversation, number) as readers:
        _stop_reading(readers)
        await _flood(run, node, sender, conversation, number)


async def _flood(run: Run, node: Node, sender: Account, conversation: str, number: int) -> None:
    """Send until the server has closed the readers, and measure memory and latency."""
    closed_before = await _closed_readers(node)
    before, maximum = (await node.worker.resource_usage()).rss, 0
    begin, took = time.monotonic(), []
    while await _closed_readers(node) - closed_before < number and time.monotonic() < begin + 60:
        sent = time.monotonic()
        await _send(run, sender, conversation, TEXT)
        took.append((time.monotonic() - sent) * 1000)
        maximum = max(maximum, (await node.worker.resource_usage()).rss)
    seconds, closed = time.monotonic() - begin, await _closed_readers(node) - closed_before
    run.report("slow readers closed", round(100 * closed / number), "%", minimum=100)
    run.report("last slow reader closed after", round(seconds, 1), "s")
    run.report("memory growth", round((maximum - before) / 2**20, 1), "MiB", maximum=64)
    run.report("messages sent within, p99", round(percentile(took, 0.99)), "ms")


@scenario("stalled-readers", "hundreds of clients in one room stop reading; deliveries in other rooms are measured")
async def stalled_readers(run: Run) -> None:
    node = run.cluster.nodes[0]
    conversation = run.people.conversations[0]
    sender, reader = run.people.pairs[conversation]
    number, seconds = (100, 5) if run.quick else (1000, 20)
    async with run.workload_running(share=0.2), _in_room(node, reader, conversation, number) as readers:
        sending = asyncio.create_task(_send_regularly(run, sender, conversation))
        await asyncio.sleep(2)
        with run.measuring("delivered to others, no stalled readers"):
            await asyncio.sleep(seconds)
        closed_before, give_up = await _closed_readers(node), time.monotonic() + run.scaled(60)
        _stop_reading(readers)
        with run.measuring("delivered to others, stalled readers", baseline="delivered to others, no stalled readers"):
            while await _closed_readers(node) - closed_before < number and time.monotonic() < give_up:
                await asyncio.sleep(0.5)
        sending.cancel()
        closed = await _closed_readers(node) - closed_before
        run.report("slow readers closed", round(100 * closed / number), "%", minimum=100)


async def _send_regularly(run: Run, sender: Account, conversation: str) -> None:
    while True:
        await _send(run, sender, conversation, TEXT)
        await asyncio.sleep(0.5)


@scenario("one-slow-reader", "one client stops reading; the server must close it at each of the limits")
async def one_slow_reader(run: Run) -> None:
    node = run.cluster.nodes[0]
    host = run.people.accounts[0]
    for what, batches, length, bound in (
        ("400 short messages at once: closed after", 25, 20, 1.0),
        ("1.5 MB at once: closed after", 20, 4900, 1.0),
        ("80 KB and then nothing: closed after", 1, 4900, 11.0),
    ):
        reader = await run.rest.register(node.url, "influencer")
        conversation = await run.rest.open_direct(node.url, host, reader)
        closed_before = await _closed_readers(node)
        async with _in_room(node, reader, conversation, 1) as readers:
            readers[0].stop_reading()
            written = await bulk_send(
                run.cluster.workers[-1], conversation, host.id, threads=1, batches=batches, length=length
            )
            give_up = time.monotonic() + run.scaled(30)
            while await _closed_readers(node) == closed_before:
                if time.monotonic() > give_up:
                    run.violations.append(f"{what}: the client was not closed")
                    break
                await asyncio.sleep(0.05)
            run.report(what, round(time.monotonic() - written.ended, 1), "s", maximum=bound)


async def _send(run: Run, sender: Account, conversation: str, text: str) -> None:
    body = {"conversation_id": conversation, "message": text}
    await run.rest.call(run.cluster.nodes[-1].url, "POST", "/api/messages", person=sender, json=body, timeout=30)


async def _closed_readers(node: Node) -> int:
    return round((await node.worker.metrics())["stoory_slow_readers_closed_total"])
