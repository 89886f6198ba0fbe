"""Clients that connect, join, and then do not read."""

import asyncio
import socket
import time
from typing import Any

import aiohttp
import orjson

from faults.api import Person
from faults.figures import percentile
from faults.scenario import Play, scenario
from faults.stage import Seat

RECEIVE_BUFFER = 4096
TEXT = "x" * 3000


def _small_socket(address: Any) -> socket.socket:
    family, kind, protocol, *_ = address
    endpoint = socket.socket(family, kind, protocol)
    endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    endpoint.setblocking(False)
    return endpoint


class Sleeper:
    """Reads until it has joined, then `rate` bytes a second, none by default."""

    def __init__(self, session: aiohttp.ClientSession, url: str, person: Person) -> None:
        self._session, self._url, self._person = session, url, person

    async def start(self, conversation: str) -> None:
        url = f"{self._url}/socket.io/?EIO=4&transport=websocket"
        self._socket = await self._session.ws_connect(url, max_msg_size=0)
        await self._socket.send_str("40" + orjson.dumps({"token": self._person.access}).decode())
        await self._socket.send_str("420" + orjson.dumps(["join_conversation", conversation]).decode())
        async with asyncio.timeout(30):
            while not (await self._socket.receive_str()).startswith("430"):
                pass

    async def read_slowly(self) -> None:
        while not self._socket.closed:
            await self._socket.receive()
            await asyncio.sleep(3)

    async def close(self) -> None:
        # Cut, not closed: the answer to a closing handshake stands behind what nobody reads.
        self._socket._response.close()


@scenario("slow-readers", "hundreds of clients that read nothing, and some that read a little")
async def slow_readers(play: Play) -> None:
    seat = play.stage.seats[0]
    conversation = play.people.conversations[0]
    sender, reader = play.people.pairs[conversation]
    number = 100 if play.quick else 1000
    connector = aiohttp.TCPConnector(limit=0, socket_factory=_small_socket)
    async with aiohttp.ClientSession(connector=connector) as session, play.traffic_flowing(share=0.5) as traffic:
        await traffic.after(0.3)
        sleepers = [Sleeper(session, seat.worker.url, reader) for _ in range(number)]
        for start in range(0, number, 50):
            await asyncio.gather(*(one.start(conversation) for one in sleepers[start : start + 50]))
        trickling = [asyncio.create_task(one.read_slowly()) for one in sleepers[: number // 10]]
        await _flood(play, seat, sender, conversation, number)
        for one in sleepers:
            await one.close()
        for task in trickling:
            task.cancel()
        await asyncio.gather(*trickling, return_exceptions=True)


async def _flood(play: Play, seat: Seat, sender: Person, conversation: str, number: int) -> None:
    """Send until the sleepers are cut, and look at what it costs the process."""
    cut_before = await _cut(seat)
    before, most = (await seat.worker.size()).rss, 0
    begin, took = time.monotonic(), []
    while await _cut(seat) - cut_before < number and time.monotonic() < begin + 60:
        sent = time.monotonic()
        body = {"conversation_id": conversation, "message": TEXT}
        await play.api.call(play.stage.seats[-1].url, "POST", "/api/messages", person=sender, json=body, timeout=30)
        took.append((time.monotonic() - sent) * 1000)
        most = max(most, (await seat.worker.size()).rss)
    seconds, cut = time.monotonic() - begin, await _cut(seat) - cut_before
    play.figure("of them cut", round(100 * cut / number), "%", least=100)
    play.figure("the last was cut after", round(seconds, 1), "s")
    play.figure("memory they took", round((most - before) / 2**20, 1), "MiB", most=64)
    play.figure("sending meanwhile, p99", round(percentile(took, 0.99)), "ms")


async def _cut(seat: Seat) -> int:
    return round((await seat.worker.metrics())["stoory_slow_readers_cut_total"])
