"""The frames of one iteration of the event loop are sent to a client in one system call, complete and in order."""

import asyncio
import gc
import weakref

from socketio_server import write_coalescing
from socketio_server.picows_transport import PicowsTransport
from socketio_server.uvicorn_http import HttpProtocol
from socketio_server.write_coalescing import CoalescingWriter
from tests.harness.waiting import eventually
from tests.socketio_server.clients import DIRECT, running
from tests.socketio_server.servers import talkative


def counted(monkeypatch) -> list[int]:
    """Count the frames in each write to the network from now on."""
    sizes: list[int] = []

    def flush(writer: CoalescingWriter) -> None:
        if writer._frames:
            sizes.append(len(writer._frames))
        original(writer)

    original = CoalescingWriter.flush
    monkeypatch.setattr(CoalescingWriter, "flush", flush)
    return sizes


async def test_an_iteration_is_one_write(monkeypatch):
    server = talkative()

    @server.on("many")
    async def many(sid: str) -> None:
        for number in range(20):
            server.send_frame(server.manager.eio_sid_from_sid(sid, "/"), f'42["event",{number}]')

    async with running(server, websockets=DIRECT) as site:
        websocket = await site.connected()
        sizes = counted(monkeypatch)
        await websocket.send('42["many"]')
        got = [await websocket.next() for _ in range(20)]
    assert got == [f'42["event",{number}]' for number in range(20)]
    assert sizes[0] == 20


async def test_large_data_does_not_wait_for_the_end_of_the_iteration(monkeypatch):
    server = talkative()

    @server.on("much")
    async def much(sid: str) -> None:
        for _ in range(10):
            server.send_frame(server.manager.eio_sid_from_sid(sid, "/"), f'42["event","{"x" * 30_000}"]')

    async with running(server, websockets=DIRECT) as site:
        websocket = await site.connected()
        sizes = counted(monkeypatch)
        await websocket.send('42["much"]')
        got = [len(await websocket.next()) for _ in range(10)]
    assert got == [30_014] * 10
    assert sizes[:4] == [3, 3, 3, 1]


async def test_the_response_to_the_handshake_leaves_with_the_first_packet(monkeypatch):
    async with running(talkative(), websockets=DIRECT) as site:
        sizes = counted(monkeypatch)
        assert (await site.websocket()).handshake["sid"]
    assert sizes[0] == 2


async def test_the_protocol_that_read_the_handshake_is_freed_after_it(monkeypatch):
    made: list[weakref.ref[HttpProtocol]] = []

    def connection_made(protocol: HttpProtocol, transport: asyncio.Transport) -> None:
        made.append(weakref.ref(protocol))
        original(protocol, transport)

    def is_freed() -> bool:
        gc.collect()
        return not made[0]()

    original = HttpProtocol.connection_made
    monkeypatch.setattr(HttpProtocol, "connection_made", connection_made)
    async with running(talkative(), websockets=DIRECT) as site:
        websocket = await site.connected()
        await eventually(is_freed)
        await websocket.send('42["echo","still here"]')
        assert await websocket.next() == '42["echoed","still here"]'


class FakeTransport:
    """Buffers its writes, like a network that nobody reads from."""

    def __init__(self) -> None:
        self.buffered: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.buffered.append(data)

    def is_closing(self) -> bool:
        return False

    def get_write_buffer_size(self) -> int:
        return sum(map(len, self.buffered))


async def test_clients_with_the_same_frames_share_them():
    transports = [FakeTransport() for _ in range(4)]
    writers = [CoalescingWriter(transport) for transport in transports]
    frames = [b"a message", b"and its notification"]
    for writer in writers:
        for frame in frames if writer is not writers[-1] else [b"something", b"else"]:
            writer.write(frame)
    await asyncio.sleep(0)
    first, second, third, other = (transport.buffered for transport in transports)
    assert first == [b"".join(frames)]
    assert other == [b"somethingelse"]
    assert first[0] is second[0] is third[0]


async def test_the_kernel_buffer_is_limited(monkeypatch):
    sizes: list[int] = []
    monkeypatch.setattr(
        write_coalescing, "limit_unsent", lambda transport: sizes.append(transport.get_write_buffer_size())
    )
    transport = FakeTransport()
    writer = CoalescingWriter(transport)
    for _ in range(10):
        writer.write(b"x" * 20_000)
        writer.flush()
    assert sizes == [60_000]


async def test_writes_of_picows_stay_in_order():
    transport = FakeTransport()
    writer = CoalescingWriter(transport)
    for_picows = PicowsTransport(transport, writer)
    assert for_picows.get_write_buffer_size() == 0
    writer.write(b"a message, ")
    assert for_picows.get_write_buffer_size() > 0  # so that the transport does not write to the kernel directly
    for_picows.write(bytearray(b"a pong, "))
    writer.write(b"a message")
    await asyncio.sleep(0)
    assert transport.buffered == [b"a message, a pong, a message"]


async def test_frames_before_a_close_arrive_before_it():
    server = talkative()

    @server.on("last")
    async def last(sid: str) -> None:
        server.send_frame(server.manager.eio_sid_from_sid(sid, "/"), '42["word"]')
        server.close_transport(sid)

    async with running(server, websockets=DIRECT) as site:
        websocket = await site.connected()
        await websocket.send('42["last"]')
        got = await websocket.next(), await websocket.closed()
    assert got == ('42["word"]', 1000)


async def test_a_client_that_closes_during_an_iteration_does_not_affect_others():
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
