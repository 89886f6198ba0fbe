"""What is written for a client in one turn of the event loop leaves together, and whole, in order."""

import asyncio
import gc
import weakref

from socketio_server import write_coalescing
from socketio_server.picows_transport import PicowsWire
from socketio_server.uvicorn_http import HttpProtocol
from socketio_server.write_coalescing import TurnWriter
from tests.socketio_server.clients import DIRECT, eventually, running
from tests.socketio_server.servers import talkative


def counted(monkeypatch) -> list[int]:
    """How many frames each hand-over to the network carries, from now on."""
    sizes: list[int] = []

    def flush(writer: TurnWriter) -> None:
        if writer._written:
            sizes.append(len(writer._written))
        original(writer)

    original = TurnWriter.flush
    monkeypatch.setattr(TurnWriter, "flush", flush)
    return sizes


async def test_a_turn_is_one_write(monkeypatch):
    server = talkative()

    @server.on("many")
    async def many(sid: str) -> None:
        for number in range(20):
            server.send_text(server.manager.eio_sid_from_sid(sid, "/"), f'2["event",{number}]')

    async with running(server, websockets=DIRECT) as site:
        websocket = await site.connected()
        sizes = counted(monkeypatch)
        await websocket.send('42["many"]')
        got = [await websocket.next() for _ in range(20)]
    assert got == [f'42["event",{number}]' for number in range(20)]
    assert sizes[0] == 20


async def test_much_does_not_wait_for_the_end_of_the_turn(monkeypatch):
    server = talkative()

    @server.on("much")
    async def much(sid: str) -> None:
        for _ in range(10):
            server.send_text(server.manager.eio_sid_from_sid(sid, "/"), f'2["event","{"x" * 30_000}"]')

    async with running(server, websockets=DIRECT) as site:
        websocket = await site.connected()
        sizes = counted(monkeypatch)
        await websocket.send('42["much"]')
        got = [len(await websocket.next()) for _ in range(10)]
    assert got == [30_014] * 10
    assert sizes[:4] == [3, 3, 3, 1]


async def test_the_answer_of_the_handshake_leaves_with_the_first_packet(monkeypatch):
    async with running(talkative(), websockets=DIRECT) as site:
        sizes = counted(monkeypatch)
        assert (await site.websocket()).handshake["sid"]
    assert sizes[0] == 2


async def test_what_has_read_the_handshake_is_forgotten_with_it(monkeypatch):
    made: list[weakref.ref[HttpProtocol]] = []

    def connection_made(protocol: HttpProtocol, transport: asyncio.Transport) -> None:
        made.append(weakref.ref(protocol))
        original(protocol, transport)

    def is_forgotten() -> bool:
        gc.collect()
        return not made[0]()

    original = HttpProtocol.connection_made
    monkeypatch.setattr(HttpProtocol, "connection_made", connection_made)
    async with running(talkative(), websockets=DIRECT) as site:
        websocket = await site.connected()
        await eventually(is_forgotten)
        await websocket.send('42["echo","still here"]')
        assert await websocket.next() == '42["echoed","still here"]'


class Wire:
    """Keeps what it is given, as a network does that nobody reads from."""

    def __init__(self) -> None:
        self.kept: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.kept.append(data)

    def is_closing(self) -> bool:
        return False

    def get_write_buffer_size(self) -> int:
        return sum(map(len, self.kept))


async def test_those_who_are_written_the_same_share_it():
    wires = [Wire() for _ in range(4)]
    writers = [TurnWriter(wire) for wire in wires]
    frames = [b"a message", b"and its notification"]
    for writer in writers:
        for frame in frames if writer is not writers[-1] else [b"something", b"else"]:
            writer.write(frame)
    await asyncio.sleep(0)
    first, second, third, other = (wire.kept for wire in wires)
    assert first == [b"".join(frames)]
    assert other == [b"somethingelse"]
    assert first[0] is second[0] is third[0]


async def test_the_kernel_is_told_to_push_back_before_it_could_hold_too_much(monkeypatch):
    told: list[int] = []
    monkeypatch.setattr(write_coalescing, "limit_unsent", lambda wire: told.append(wire.get_write_buffer_size()))
    wire = Wire()
    out = TurnWriter(wire)
    for _ in range(10):
        out.write(b"x" * 20_000)
        out.flush()
    assert told == [60_000]


async def test_what_picows_writes_keeps_its_place():
    wire = Wire()
    out = TurnWriter(wire)
    seen_by_picows = PicowsWire(wire, out)
    assert seen_by_picows.get_write_buffer_size() == 0
    out.write(b"a message, ")
    assert seen_by_picows.get_write_buffer_size() > 0  # so that it does not write to the kernel by itself
    seen_by_picows.write(bytearray(b"a pong, "))
    out.write(b"a message")
    await asyncio.sleep(0)
    assert wire.kept == [b"a message, a pong, a message"]


async def test_what_was_written_before_a_close_arrives_before_it():
    server = talkative()

    @server.on("last")
    async def last(sid: str) -> None:
        server.send_text(server.manager.eio_sid_from_sid(sid, "/"), '2["word"]')
        server.close_transport(sid)

    async with running(server, websockets=DIRECT) as site:
        websocket = await site.connected()
        await websocket.send('42["last"]')
        got = await websocket.next(), await websocket.closed()
    assert got == ('42["word"]', 1000)


async def test_who_closes_in_the_middle_of_a_turn_harms_nobody():
    server = talkative()
    async with running(server, websockets=DIRECT) as site:
        gone, here = await site.connected(), await site.connected()
        for number in range(50):
            await server.emit("event", number)
            if number == 25:
                await gone.close()
            await asyncio.sleep(0)
        got = [await here.next() for _ in range(50)]
    assert got == [f'42["event",{number}]' for number in range(50)]
