"""Limits for one client: sizes are counted while data arrives, and slow readers are disconnected."""

import asyncio
import contextlib
import random

import pytest
from picows.picows import WSProtocol

from socketio_server import Limits, SocketServer
from socketio_server.uvicorn_websocket import PicowsProtocol
from tests.socketio_server.clients import NonReadingClient, Site, eventually
from tests.socketio_server.servers import talkative


async def post_by_hand(site: Site, sid: str, headers: str, body: bytes, times: int) -> tuple[bytes, int]:
    """Send `body` repeatedly until the server responds; return the response and the number of accepted bytes."""
    reader, writer = await site.tcp()
    path = f"/socket.io/?EIO=4&transport=polling&sid={sid}"
    writer.write(f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n\r\n".encode())
    answer, sent = asyncio.create_task(reader.read(4096)), 0
    try:
        for _ in range(times):
            if answer.done():
                break
            writer.write(body)
            sent += len(body)
            await writer.drain()
            await asyncio.sleep(0)
    except (ConnectionResetError, BrokenPipeError):
        pass
    try:
        said = await asyncio.wait_for(answer, 10)
    except ConnectionResetError:
        said = b""
    writer.close()
    return said, sent


class TestBodies:
    async def test_a_chunked_body_is_counted_while_it_arrives(self, serve):
        site = await serve(talkative())
        polling = await site.polling()
        chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
        said, sent = await post_by_hand(site, polling.sid, "Transfer-Encoding: chunked", chunk, 3_200)
        assert said.startswith(b"HTTP/1.1 413")
        assert b"connection: close" in said
        assert sent < 16 * 2**20
        assert (await polling.get())[0] == 400

    async def test_an_announced_size_is_refused_before_the_body(self, serve):
        site = await serve(talkative())
        polling = await site.polling()
        said, _ = await post_by_hand(site, polling.sid, "Content-Length: 200000000", b"", 1)
        assert said.startswith(b"HTTP/1.1 413")
        await site.sessions_become(0)

    async def test_the_body_is_not_read_for_an_unknown_session(self, serve):
        site = await serve(talkative())
        said, _ = await post_by_hand(site, "unknown", "Transfer-Encoding: chunked", b"", 1)
        assert said.startswith(b"HTTP/1.1 400")

    async def test_up_to_the_limit_all_is_well(self, serve):
        site = await serve(talkative())
        polling = await site.polling()
        await polling.connect()
        event = '42["echo","{}"]'
        text = "é" * ((65_536 - len(event) + 2) // 2)
        body = event.replace("{}", text).encode()
        assert len(body) in (65_535, 65_536)
        assert (await polling.post(body))[0] == 200
        assert text in (await polling.packets())[0]
        assert (await polling.post(body + b"  "))[0] == 413

    async def test_a_slow_body_times_out(self, serve):
        site = await serve(talkative(limits=Limits(body_timeout=0.3)))
        polling = await site.polling()
        said, _ = await post_by_hand(site, polling.sid, "Content-Length: 100", b"4", 1)
        assert said.startswith(b"HTTP/1.1 400")
        await site.sessions_become(0)


class TestFrames:
    @pytest.mark.parametrize("frame", ["4" + "x" * 2**24, "4" + "é" * 40_000, b"x" * 70_000], ids=len)
    async def test_too_large_closes_with_1009(self, serve, frame):
        site = await serve(talkative(binary=True))
        websocket = await site.connected()
        await websocket.send(frame)
        assert await websocket.closed() == 1009
        await site.sessions_become(0)

    async def test_up_to_the_limit_all_is_well(self, serve):
        websocket = await (await serve(talkative())).connected()
        frame = '42["echo","' + "x" * (65_536 - 13) + '"]'
        assert len(frame) == 65_536
        await websocket.send(frame)
        assert len(await websocket.next()) == 65_538


def reports(limits: Limits) -> tuple[SocketServer, list[str]]:
    reported: list[str] = []
    server = SocketServer(limits=limits, on_slow_reader=lambda: reported.append("slow"))
    server.on("disconnect", lambda sid, reason: reported.append(reason))
    return server, reported


async def only_session(server: SocketServer):
    await eventually(lambda: server.manager.rooms.get("/"))
    (sid,) = server.manager.rooms["/"][None]
    await eventually(lambda: server.manager.is_connected(sid, "/"))
    return server.engine_socket(server.manager.eio_sid_from_sid(sid, "/"))


async def flood(server: SocketServer, session, text: str, most: int) -> tuple[int, int]:
    """Send until the server aborts the client; return the longest queue, in packets and bytes."""
    packets = size = 0
    for _ in range(most):
        if session.closing:
            break
        await server.emit("news", text)
        packets, size = max(packets, len(session.send_queue)), max(size, session.send_queue.bytes)
        await asyncio.sleep(0.002)
    return packets, size


class TestReadBuffers:
    @pytest.mark.parametrize(
        "sent",
        [
            b"\x81\xff" + (16_000_000).to_bytes(8, "big") + bytes(4) + b"4" * 16_000_000,
            (b"\x89\x80" + bytes(4)) * 300_000,
        ],
        ids=["a frame too large", "many pings"],
    )
    async def test_large_writes_are_read_in_parts(self, serve, monkeypatch, sent):
        room = [0]

        def get_buffer(protocol: PicowsProtocol, hint: int) -> memoryview:
            room.append(len(WSProtocol.get_buffer(protocol, hint)))
            return original(protocol, hint)

        original = PicowsProtocol.get_buffer
        monkeypatch.setattr(PicowsProtocol, "get_buffer", get_buffer)
        site = await serve(talkative(), ws_max_size=65_536)
        client = await NonReadingClient.websocket(site)
        with contextlib.suppress(ConnectionError):
            await asyncio.wait_for(client.loop.sock_sendall(client.socket, sent), 60)
        client.socket.close()
        await site.sessions_become(0)
        assert max(room) < 2**20


@pytest.mark.alone  # the grace period is half a second, in which clients on a busy machine are too slow to read
class TestSlowReaders:
    @pytest.mark.parametrize(("size", "most"), [(1_000, 5_000), (20_000, 5_000)])
    async def test_a_client_that_reads_nothing_is_aborted(self, serve, size, most):
        server, reported = reports(Limits())
        site = await serve(server)
        client = await NonReadingClient.websocket(site)
        session = await only_session(server)
        packets, held = await flood(server, session, "x" * size, most)
        assert session.closing
        # The queue holds the limit and what arrived in the half-second grace period, and never reaches the burst limit.
        assert packets < 256 + 1000
        assert held < 8 * 2**20
        assert await client.was_reset()
        await site.sessions_become(0)
        assert reported == ["slow", "transport error"]
        assert server.eio.slow_readers.count == 1
        assert not session.send_queue

    async def test_a_client_above_the_burst_limit_is_aborted_at_once(self, serve):
        server, reported = reports(Limits(queue_grace=60, burst_packets=500))
        site = await serve(server)
        client = await NonReadingClient.websocket(site)
        session = await only_session(server)
        await flood(server, session, "x" * 1_000, 5_000)
        assert await client.was_reset()
        await site.sessions_become(0)
        assert reported[0] == "slow"

    @pytest.mark.parametrize("packets", [90, 15], ids=["in our queue", "in the server's buffer"])
    async def test_a_client_that_reads_nothing_for_too_long_is_aborted(self, serve, packets):
        server, reported = reports(Limits(queue_stall=1.0))
        site = await serve(server)
        client = await NonReadingClient.websocket(site)
        await only_session(server)
        for _ in range(packets):
            await server.emit("news", "x" * 8_000)
        for _ in range(100):
            if reported:
                break
            await client.send("3")
            await asyncio.sleep(0.1)
        assert reported
        assert await client.was_reset()

    async def test_above_the_total_limit_non_reading_clients_are_aborted(self, serve):
        server, reported = reports(Limits(total_bytes=100_000, queue_bytes=8_000_000))
        site = await serve(server)
        client = [await NonReadingClient.websocket(site) for _ in range(3)]
        reader = await site.connected()
        await eventually(lambda: len(server.manager.rooms["/"][None]) == 4)
        for _ in range(100):
            await server.emit("news", "x" * 12_000)
            assert (await reader.next()).startswith('42["news"')
        await eventually(lambda: "slow" in reported)
        assert reported.count("slow") <= len(client)
        await server.emit("news", "more")
        assert await reader.next() == '42["news","more"]'
        for one in client:
            one.socket.close()

    async def test_a_client_that_never_polls_is_aborted(self, serve):
        server, reported = reports(Limits())
        polling = await (await serve(server)).polling()
        await polling.connect()
        session = await only_session(server)
        await flood(server, session, "x", 5_000)
        assert session.closing
        assert (await polling.get())[0] == 400
        await eventually(lambda: reported == ["slow", "transport error"])

    async def test_a_poll_whose_response_is_not_read_is_aborted(self, serve):
        server, _ = reports(Limits(queue_stall=1.0))
        site = await serve(server)
        polling = await site.polling()
        await polling.connect()
        await only_session(server)
        for _ in range(100):
            await server.emit("news", "x" * 8_000)
        client = await NonReadingClient.dial(site)
        await client.write(f"GET /socket.io/?EIO=4&transport=polling&sid={polling.sid} HTTP/1.1\r\nHost: a\r\n\r\n")
        await eventually(lambda: server.eio.slow_readers.count)
        assert await client.was_reset()

    @pytest.mark.parametrize("transport", ["websocket", "polling"])
    async def test_a_burst_to_a_reading_client_arrives_completely(self, serve, transport):
        server, reported = reports(Limits())

        @server.on("replay")
        async def replay(sid: str) -> None:
            for number in range(3_000):
                await server.emit("event", number, to=sid)

        site = await serve(server)
        expected = [f'42["event",{number}]' for number in range(3_000)]
        if transport == "websocket":
            websocket = await site.connected()
            await websocket.send('42["replay"]')
            assert [await websocket.next() for _ in expected] == expected
        else:
            polling = await site.polling()
            await polling.connect()
            await polling.post('42["replay"]')
            assert await polling.packets() == expected
        assert not reported

    async def test_a_replay_in_the_connect_handler_arrives_completely(self, serve):
        server, reported = reports(Limits())

        @server.on("connect")
        async def connect(sid, environ, auth=None):
            for number in range(3_000):
                await server.emit("event", number, to=sid)

        websocket = await (await serve(server)).connected()
        assert [await websocket.next() for _ in range(3_000)] == [f'42["event",{n}]' for n in range(3_000)]
        assert not reported

    async def test_slow_clients_do_not_delay_others(self, serve):
        server, _ = reports(Limits())
        site = await serve(server)
        client = await NonReadingClient.websocket(site)
        session = await only_session(server)
        reader = await site.connected()
        flooding = asyncio.create_task(flood(server, session, "x" * 1_000, 5_000))
        for _ in range(300):
            assert (await reader.next()).startswith('42["news"')
        await flooding
        assert await client.was_reset()


async def test_random_invalid_frames(serve, caplog):
    """Random, nearly valid frames from a fixed seed: each client is disconnected, nothing is logged, and nothing
    leaks."""
    rng = random.Random(20_240_101)
    seeds = ['42["echo",{"a":[1,2]}]', '421["echo"]', "40", '40{"token":"x"}', "41", "431[]", '451-["echo"]', "3", "2"]

    def frame() -> str | bytes:
        text = list(rng.choice(seeds))
        for _ in range(rng.randrange(4)):
            text.insert(
                rng.randrange(len(text) + 1), rng.choice('0123456789[]{}",/-b\x1e\x00é\ud7ff') * rng.choice((1, 1, 50))
            )
            del text[rng.randrange(len(text))]
        return "".join(text) if rng.random() < 0.95 else rng.randbytes(rng.randrange(40))

    site = await serve(talkative())
    before = len(asyncio.all_tasks())
    for _ in range(300):
        websocket = await site.connected()
        try:
            for _ in range(20):
                await websocket.send(frame())
        except ConnectionError:
            pass
        await websocket.close()
        polling = await site.polling()
        await polling.post("\x1e".join(part for part in (frame() for _ in range(5)) if isinstance(part, str)).encode())
        await polling.post("1")
    await site.sessions_become(0)
    survivor = await site.connected()
    await survivor.send('42["echo"]')
    assert await survivor.next() == '42["echoed"]'
    assert not [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")]
    await survivor.close()
    await site.sessions_become(0)
    assert len(asyncio.all_tasks()) <= before + 3
    assert not site.server.environ
    assert not site.server.manager.rooms
