"""Clients that connect, join, and then do not read."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson

from faults.figures import percentile
from faults.raw import Raw
from faults.scenario import Play, scenario
from faults.stage import Seat
from faults.workers import Worker
from faults.writers import write
from tests.harness.people import Account

RECEIVE_BUFFER = 4096
TEXT = "x" * 3000
PONG_EVERY = 5.0
"""Seconds, less than the server waits for one."""


class Sleeper:
    """A client that is in a room and reads, until it sleeps; it goes on answering pings, unheard ones too."""

    def __init__(self, worker: Worker, person: Account) -> None:
        self._worker, self._person = worker, person
        self._raw: Raw | None = None
        self._reading: asyncio.Task[None] | None = None
        self._ponging: asyncio.Task[None] | None = None

    async def start(self, conversation: str) -> None:
        self._raw = await Raw.upgrade(self._worker, receive_buffer=RECEIVE_BUFFER)
        self._raw.frame(b"40" + orjson.dumps({"token": self._person.access}))
        self._raw.frame(b"420" + orjson.dumps(["join_conversation", conversation]))
        async with asyncio.timeout(30):
            await self._raw.reader.readuntil(b"430[")
        self._reading = asyncio.create_task(self._read())
        self._ponging = asyncio.create_task(self._pong())

    async def _pong(self) -> None:
        while not self._raw.writer.transport.is_closing():
            self._raw.frame(b"3")
            await asyncio.sleep(PONG_EVERY)

    async def _read(self) -> None:
        with contextlib.suppress(OSError):
            while await self._raw.reader.read(65_536):
                pass

    def sleep(self, nap: float | None = None) -> None:
        """Read nothing any more, or only a little after each `nap`."""
        self._reading.cancel()
        self._raw.writer.transport.pause_reading()
        if nap is not None:
            self._reading = asyncio.create_task(self._read_between(nap))

    async def _read_between(self, nap: float) -> None:
        transport = self._raw.writer.transport
        with contextlib.suppress(OSError):
            while not transport.is_closing():
                await asyncio.sleep(nap)
                transport.resume_reading()
                await self._raw.reader.read(RECEIVE_BUFFER)
                transport.pause_reading()

    def close(self) -> None:
        # Cut, not closed: the answer to a closing handshake stands behind what nobody reads.
        for task in (self._reading, self._ponging):
            if task is not None:
                task.cancel()
        if self._raw is not None:
            self._raw.close()


@asynccontextmanager
async def _in_room(seat: Seat, reader: Account, conversation: str, number: int) -> AsyncIterator[list[Sleeper]]:
    """So many clients of one user in a room."""
    sleepers = [Sleeper(seat.worker, reader) for _ in range(number)]
    try:
        for start in range(0, number, 50):
            await asyncio.gather(*(one.start(conversation) for one in sleepers[start : start + 50]))
        yield sleepers
    finally:
        for one in sleepers:
            one.close()


def _fall_asleep(sleepers: list[Sleeper]) -> None:
    """All of them, one in ten lightly."""
    for number, one in enumerate(sleepers):
        one.sleep(nap=3.0 if number % 10 == 9 else None)


@scenario("slow-readers", "hundreds of clients in a busy room that read nothing, and some that read a little")
async def slow_readers(play: Play) -> None:
    seat = play.stage.seats[0]
    conversation = play.people.conversations[0]
    sender, reader = play.people.pairs[conversation]
    number = 100 if play.quick else 1000
    async with play.traffic_flowing(share=0.2), _in_room(seat, reader, conversation, number) as sleepers:
        _fall_asleep(sleepers)
        await _flood(play, seat, sender, conversation, number)


async def _flood(play: Play, seat: Seat, sender: Account, conversation: str, number: int) -> None:
    """Send until the sleepers are cut, and look at what it costs the process."""
    cut_before = await _cut(seat)
    before, most = (await seat.worker.size()).rss, 0
    begin, took = time.monotonic(), []
    while await _cut(seat) - cut_before < number and time.monotonic() < begin + 60:
        sent = time.monotonic()
        await _say(play, sender, conversation, TEXT)
        took.append((time.monotonic() - sent) * 1000)
        most = max(most, (await seat.worker.size()).rss)
    seconds, cut = time.monotonic() - begin, await _cut(seat) - cut_before
    play.figure("of them cut", round(100 * cut / number), "%", least=100)
    play.figure("the last was cut after", round(seconds, 1), "s")
    play.figure("memory they took", round((most - before) / 2**20, 1), "MiB", most=64)
    play.figure("sending meanwhile, p99", round(percentile(took, 0.99)), "ms")


@scenario("stalled-readers", "hundreds of clients in a room that stop reading, while others go on with theirs")
async def stalled_readers(play: Play) -> None:
    seat = play.stage.seats[0]
    conversation = play.people.conversations[0]
    sender, reader = play.people.pairs[conversation]
    number, seconds = (100, 5) if play.quick else (1000, 20)
    async with play.traffic_flowing(share=0.2), _in_room(seat, reader, conversation, number) as sleepers:
        talking = asyncio.create_task(_talk(play, sender, conversation))
        await asyncio.sleep(2)
        with play.measured("delivered to others while they read"):
            await asyncio.sleep(seconds)
        cut_before, give_up = await _cut(seat), time.monotonic() + play.within(60)
        _fall_asleep(sleepers)
        with play.measured("delivered to others while they do not", than="delivered to others while they read"):
            while await _cut(seat) - cut_before < number and time.monotonic() < give_up:
                await asyncio.sleep(0.5)
        talking.cancel()
        play.figure("of them cut", round(100 * (await _cut(seat) - cut_before) / number), "%", least=100)


async def _talk(play: Play, sender: Account, conversation: str) -> None:
    while True:
        await _say(play, sender, conversation, TEXT)
        await asyncio.sleep(0.5)


@scenario("one-slow-reader", "a client that reads nothing, up to each of the limits")
async def one_slow_reader(play: Play) -> None:
    seat = play.stage.seats[0]
    host = play.people.everybody[0]
    for what, batches, length, bound in (
        ("400 short messages at once: cut after", 25, 20, 1.0),
        ("1.5 MB at once: cut after", 20, 4900, 1.0),
        ("80 KB and then nothing: cut after", 1, 4900, 11.0),
    ):
        reader = await play.api.register(seat.url, "influencer")
        conversation = await play.api.open_direct(seat.url, host, reader)
        cut_before = await _cut(seat)
        async with _in_room(seat, reader, conversation, 1) as sleepers:
            sleepers[0].sleep()
            written = await write(
                play.stage.workers[-1], conversation, host.id, threads=1, batches=batches, length=length
            )
            give_up = time.monotonic() + play.within(30)
            while await _cut(seat) == cut_before:
                if time.monotonic() > give_up:
                    play.findings.append(f"{what}: it was not cut")
                    break
                await asyncio.sleep(0.05)
            play.figure(what, round(time.monotonic() - written.ended, 1), "s", most=bound)


async def _say(play: Play, sender: Account, conversation: str, text: str) -> None:
    body = {"conversation_id": conversation, "message": text}
    await play.api.call(play.stage.seats[-1].url, "POST", "/api/messages", person=sender, json=body, timeout=30)


async def _cut(seat: Seat) -> int:
    return round((await seat.worker.metrics())["stoory_slow_readers_cut_total"])
