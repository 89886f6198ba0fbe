"""The bus: a process receives its own hints at once, and others through the channel layer; failures raise no error."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

import pytest
from channels.layers import BaseChannelLayer, InMemoryChannelLayer, channel_layers
from prometheus_client import REGISTRY
from redis.asyncio.client import PubSub

from realtime import LoggedEvent, pubsub
from realtime.channel_layer import PubSubChannelLayer
from realtime.pubsub import CONTROL, Bus, Hint
from tests.harness.environment import need_postgresql_and_redis
from tests.harness.waiting import eventually


class Process:
    """A bus of one process, and the hints that it received."""

    def __init__(self) -> None:
        self.bus, self.heard = Bus(), []

    def texts(self) -> list[str]:
        return [message.get("event") or message["type"] for message in self.heard]


@dataclass
class Relay:
    """A connection to Redis that passes nothing on while `passes` is not set."""

    redis: SplitResult
    passes: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0

    @classmethod
    @asynccontextmanager
    async def listening(cls, redis: SplitResult) -> AsyncIterator["Relay"]:
        relay = cls(redis)
        relay.passes.set()
        server = await asyncio.start_server(relay._serve, "127.0.0.1", 0)
        relay.port = server.sockets[0].getsockname()[1]
        async with server:
            yield relay

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream = await asyncio.open_connection(self.redis.hostname, self.redis.port or 6379)
        await asyncio.gather(self._copy(reader, upstream[1]), self._copy(upstream[0], writer))

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65_536):
                await self.passes.wait()
                writer.write(data)
                await writer.drain()
        writer.close()


def whisper(room: str, event: str) -> Hint:
    return Hint.ephemeral(room, event, "{}", None)


def made(kind: str) -> BaseChannelLayer:
    """Return a channel layer of this kind that nothing else uses."""
    if kind == "memory":
        return InMemoryChannelLayer()
    _, url = need_postgresql_and_redis()
    return PubSubChannelLayer(hosts=[url], prefix=f"test-{uuid.uuid4()}")


@pytest.fixture(params=["memory", "redis"])
async def two(request, monkeypatch) -> AsyncIterator[tuple[Process, Process]]:
    monkeypatch.setitem(channel_layers.backends, "default", made(request.param))
    processes = Process(), Process()
    for one in processes:
        await one.bus.start(one.heard.append)
        await one.bus.join(CONTROL)
    await _connected(processes)
    yield processes
    for one in processes:
        await one.bus.stop()
    channel_layers.backends.pop("default", None)


async def _connected(processes: tuple[Process, Process]) -> None:
    """Send until each process receives its own hint, because a subscription takes time. Then discard the echoes."""
    for one in processes:
        while not one.heard:
            one.bus.send([Hint.control("hello")])
            await asyncio.sleep(0.05)
    await asyncio.sleep(0.3)
    for one in processes:
        one.heard.clear()


async def test_a_process_receives_its_own_hints_once_and_in_order(two):
    one, _ = two
    await one.bus.join("room")
    one.bus.send([whisper("room", str(number)) for number in range(20)])
    one.bus.send([whisper("elsewhere", "not here"), Hint.control("end")])
    await eventually(lambda: "control.end" in one.texts())
    assert one.texts() == [*map(str, range(20)), "control.end"]


async def test_control_hints_reach_all_processes_including_the_sender(two):
    one, other = two
    one.bus.send([Hint.control("beat", process="one")])
    await eventually(lambda: one.texts() == other.texts() == ["control.beat"])


@pytest.mark.parametrize("two", ["redis"], indirect=True)
async def test_other_processes_receive_hints_of_joined_rooms(two):
    one, other = two
    await other.bus.join("room")
    await asyncio.sleep(0.3)  # subscribing takes time, and nothing reports its completion
    one.bus.send(
        [Hint.logged("room", [LoggedEvent(1, "a", "{}"), LoggedEvent(2, "b", "{}")], 0.0), whisper("other room", "c")]
    )
    one.bus.send([Hint.control("end")])
    await eventually(lambda: "control.end" in other.texts())
    assert other.texts() == ["room.events", "control.end"]
    assert [row[0] for row in other.heard[0]["events"]] == [1, 2]
    await other.bus.leave("room")
    one.bus.send([whisper("room", "late"), Hint.control("again")])
    await eventually(lambda: "control.again" in other.texts())
    assert "late" not in other.texts()


@pytest.mark.parametrize("two", ["redis"], indirect=True)
async def test_a_reopened_bus_receives_hints_of_its_rooms_again(two):
    one, other = two
    await other.bus.join("room")
    await other.bus.reopen()
    await asyncio.sleep(0.3)
    one.bus.send([whisper("room", "after")])
    await eventually(lambda: other.texts() == ["after"])


@pytest.mark.parametrize("two", ["redis"], indirect=True)
async def test_an_idle_bus_does_nothing(two, monkeypatch):
    one, other = two
    reads = []
    read = PubSub.parse_response

    async def counted(self, *args, **kwargs):
        reads.append(kwargs)
        return await read(self, *args, **kwargs)

    monkeypatch.setattr(PubSub, "parse_response", counted)
    other.bus.send([Hint.control("begin")])
    await eventually(lambda: one.texts() == ["control.begin"])
    seen = len(reads)
    assert seen
    await asyncio.sleep(0.5)
    assert len(reads) == seen
    other.bus.send([Hint.control("end")])
    await eventually(lambda: one.texts() == ["control.begin", "control.end"])


async def test_the_layer_uses_resp2():
    layer = made("redis")
    await layer.group_send("room", {"type": "hints"})
    (shard,) = layer._get_layer()._shards
    client = await shard._redis.client_info()
    assert int(client.get("resp", 2)) == 2  # Redis reports the field `resp` since version 7.0
    await layer.flush()


async def test_a_failing_layer_loses_only_hints_for_other_processes(monkeypatch):
    process = Process()
    await process.bus.start(process.heard.append)
    monkeypatch.setitem(channel_layers.backends, "default", PubSubChannelLayer(hosts=["redis://127.0.0.1:9/0"]))
    await process.bus.join("room")
    process.bus.send([whisper("room", "still here")])
    await eventually(lambda: process.texts() == ["still here"])
    await process.bus.stop()
    channel_layers.backends.pop("default", None)


async def test_a_redis_that_stops_responding_loses_only_hints_and_is_used_again(monkeypatch):
    _, url = need_postgresql_and_redis()
    monkeypatch.setattr(pubsub, "SEND_TIMEOUT", 0.2)
    process = Process()
    async with Relay.listening(urlsplit(url)) as relay:
        layer = PubSubChannelLayer(hosts=[f"redis://127.0.0.1:{relay.port}/0"], prefix=f"test-{uuid.uuid4()}")
        monkeypatch.setitem(channel_layers.backends, "default", layer)
        await process.bus.start(process.heard.append)
        await process.bus.join(CONTROL)
        await _connected((process,))
        lost = REGISTRY.get_sample_value("stoory_hints_lost_total")
        relay.passes.clear()
        process.bus.send([Hint.control("lost")])
        await eventually(lambda: REGISTRY.get_sample_value("stoory_hints_lost_total") == lost + 1)
        relay.passes.set()
        process.heard.clear()
        process.bus.send([Hint.control("again")])
        await eventually(lambda: "control.again" in process.texts())
        await process.bus.stop()
    channel_layers.backends.pop("default", None)


async def test_hints_beyond_the_capacity_are_lost_for_others_and_counted(monkeypatch):
    process, sent = Process(), []

    async def keep(messages) -> None:
        sent.extend(hint["event"] for _, message in messages for hint in message["hints"])

    await process.bus.start(process.heard.append)
    monkeypatch.setattr(pubsub, "QUEUE_LENGTH", 3)
    monkeypatch.setattr(pubsub, "_group_send_many", keep)
    monkeypatch.setitem(channel_layers.backends, "default", PubSubChannelLayer(hosts=["redis://127.0.0.1:9/0"]))
    await process.bus.join("room")
    before = REGISTRY.get_sample_value("stoory_hints_lost_total")
    process.bus.send([whisper("room", str(number)) for number in range(5)])
    await eventually(lambda: len(sent) == 3)
    assert sent == ["0", "1", "2"]
    assert process.texts() == ["0", "1", "2", "3", "4"]
    assert REGISTRY.get_sample_value("stoory_hints_lost_total") == before + 2
    await process.bus.stop()
    channel_layers.backends.pop("default", None)
