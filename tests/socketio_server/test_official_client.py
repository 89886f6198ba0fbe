"""The unmodified JavaScript client against our server, on both transports and during an upgrade."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from socketio import exceptions

from socketio_server import EngineServer, Limits, SocketServer
from tests.harness.environment import need_node
from tests.socketio_server.clients import WAIT, Site, eventually
from tests.socketio_server.servers import talkative

SCRIPT = Path(__file__).parent / "official_client.js"


class OfficialClient:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def emit(self, *event: Any) -> None:
        self._process.stdin.write(json.dumps(event).encode() + b"\n")
        await self._process.stdin.drain()

    async def hears(self, *what: Any) -> list[Any]:
        """Return the next line of the client's output; it must begin with `what`."""
        line = await asyncio.wait_for(self._process.stdout.readline(), WAIT)
        said = json.loads(line)
        assert said[: len(what)] == list(what)
        return said[len(what) :]

    async def hears_nothing(self, seconds: float) -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(self._process.stdout.readline(), seconds)


@asynccontextmanager
async def official_client(
    site: Site, transports: str, buffered: int = 0, kind: str = "", path: str = ""
) -> AsyncIterator[OfficialClient]:
    process = await asyncio.create_subprocess_exec(
        need_node(),
        str(SCRIPT),
        f"http://127.0.0.1:{site.port}{path}",
        transports,
        str(buffered),
        kind,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield OfficialClient(process)
    finally:
        process.kill()
        await process.wait()


@pytest.mark.parametrize("transport", ["websocket", "polling"])
class TestOneTransport:
    async def test_events_and_acknowledgements(self, serve, transport):
        site = await serve(talkative())
        async with official_client(site, transport) as client:
            await client.hears("connect")
            await client.emit("echo", 1, "zwei 😀", {"three": [None]})
            assert await client.hears("event", "echoed") == [1, "zwei 😀", {"three": [None]}]
            assert await client.hears("acknowledged") == [1, "zwei 😀", {"three": [None]}]

    async def test_it_reconnects_when_the_transport_is_closed(self, serve, transport):
        server = talkative()
        site = await serve(server)
        async with official_client(site, transport) as client:
            first, _ = await client.hears("connect")
            server.close_transport(first)
            reason, active = await client.hears("disconnect")
            assert reason in ("transport close", "transport error")
            assert active
            second, _ = await client.hears("connect")
            assert second != first

    async def test_it_does_not_reconnect_when_it_is_disconnected(self, serve, transport):
        server = talkative()
        site = await serve(server)
        async with official_client(site, transport) as client:
            sid, _ = await client.hears("connect")
            await server.disconnect(sid)
            await client.hears("disconnect", "io server disconnect", False)
            await client.hears_nothing(1.0)
            await site.sessions_become(0)

    async def test_it_does_not_reconnect_when_it_is_rejected(self, serve, transport):
        server = SocketServer()

        @server.on("connect")
        async def connect(sid: str, environ: dict[str, Any], auth: Any = None) -> None:
            await server.emit("secret", to=sid)
            raise exceptions.ConnectionRefusedError("No", {"code": "token_invalid"})

        async with official_client(await serve(server), transport) as client:
            await client.hears("connect_error", "No", {"code": "token_invalid"})
            await client.hears_nothing(1.0)

    async def test_what_the_connect_handler_sends_follows_connect(self, serve, transport):
        server = SocketServer()

        @server.on("connect")
        async def connect(sid: str, environ: dict[str, Any], auth: Any = None) -> None:
            for number in range(1_000):
                await server.emit("event", number, to=sid)

        async with official_client(await serve(server), transport) as client:
            await client.hears("connect")
            for number in range(1_000):
                await client.hears("event", "event", number)

    async def test_it_stays_connected_over_many_pings(self, serve, transport):
        site = await serve(talkative(limits=Limits(ping_interval=0.2, ping_timeout=0.5)))
        async with official_client(site, transport) as client:
            await client.hears("connect")
            await client.hears_nothing(2.0)
            await client.emit("echo")
            await client.hears("event", "echoed")


@pytest.mark.parametrize("transports", ["websocket", "polling", "polling,websocket"])
async def test_buffered_events_arrive_in_order(serve, transports):
    server, seen = SocketServer(), []
    server.on("count", lambda sid, number: seen.append(number))
    async with official_client(await serve(server), transports, buffered=2_000):
        await eventually(lambda: len(seen) == 2_000)
    assert seen == list(range(2_000))


async def test_upgrade_loses_and_duplicates_nothing(serve, monkeypatch):
    """Events flow both ways without a pause while the client upgrades from polling to WebSocket."""
    server, seen = SocketServer(), []
    server.on("number", lambda sid, number: seen.append(number))

    async def to_client(sid: str) -> None:
        for number in range(1_000):
            await server.emit("event", number, to=sid)
            await asyncio.sleep(0.001)

    async def to_server(client: OfficialClient) -> None:
        for number in range(300):
            await client.emit("number", number)
            await asyncio.sleep(0.003)

    probe = EngineServer._probe

    async def late_probe(*args: Any) -> bool:
        await asyncio.sleep(0.3)
        return await probe(*args)

    monkeypatch.setattr(EngineServer, "_probe", late_probe)
    site = await serve(server)
    async with official_client(site, "polling,websocket") as client:
        sid, transport = await client.hears("connect")
        assert transport == "polling"
        going = asyncio.gather(to_client(sid), to_server(client))
        heard = [await client.hears() for _ in range(1_301)]
        await going
    events = [["event", "event", number] for number in range(1_000)]
    assert [one for one in heard if one[0] == "event"] == events
    assert seen == list(range(300))
    at = heard.index(["upgrade", "websocket"])
    assert events[0] in heard[:at]
    assert events[-1] in heard[at:]
