"""The Engine.IO protocol: heartbeat, close, upgrade."""

import asyncio
import logging

import pytest

from socketio_server import EngineServer, Limits
from tests.socketio_server.clients import Site, eventually
from tests.socketio_server.servers import QUICK, echo


class TestHeartbeat:
    async def test_polling(self, serve):
        polling = await (await serve(echo(QUICK))).polling()
        for _ in range(3):
            assert await polling.get() == (200, "2")
            assert await polling.post("3") == (200, "ok")

    async def test_websocket(self, serve):
        websocket = await (await serve(echo(QUICK))).websocket()
        for _ in range(3):
            assert (await websocket.connection.receive()).data == "2"
            await websocket.send("3")

    async def test_a_client_without_pongs_is_disconnected(self, serve, caplog):
        caplog.set_level(logging.DEBUG, "socketio_server.engine_socket")
        site = await serve(echo(QUICK))
        websocket, polling = await site.websocket(), await site.polling()
        assert await websocket.closed() == 1000
        assert "session_ended" in caplog.text
        assert "ping timeout" in caplog.text
        await site.sessions_become(0)
        assert (await polling.get())[0] == 400

    @pytest.mark.parametrize("transport", ["websocket", "polling"])
    async def test_survives_a_handler_slower_than_the_ping_timeout(self, serve, transport):
        server = EngineServer(limits=QUICK)

        @server.on("message")
        async def message(sid: str, data: str) -> None:
            await asyncio.sleep(1.2)
            await server.send(sid, data)

        site = await serve(server)
        if transport == "websocket":
            websocket = await site.websocket()
            await websocket.send("4slow")
            assert await websocket.next() == "4slow"
        else:
            polling = await site.polling()
            answer, packets = await asyncio.gather(polling.post("4slow"), polling.get())
            assert (answer, packets) == ((200, "ok"), (200, "2"))
            assert (await polling.packets())[-1] == "4slow"

    async def test_unrequested_pongs_are_ignored(self, serve):
        site = await serve(echo())
        websocket = await site.websocket()
        before = len(asyncio.all_tasks())
        await websocket.send(*["3"] * 1000, "4done")
        assert await websocket.next() == "4done"
        assert len(asyncio.all_tasks()) <= before + 1

    async def test_the_wall_clock_does_not_matter(self, serve, monkeypatch):
        site = await serve(echo(QUICK))
        websocket = await site.websocket()
        monkeypatch.setattr("time.time", lambda: 0.0)
        for _ in range(4):
            assert (await websocket.connection.receive()).data == "2"
            await websocket.send("3")


class TestClose:
    async def test_polling(self, serve):
        site = await serve(echo())
        polling = await site.polling()
        poll = asyncio.create_task(polling.get())
        await eventually(lambda: site.engine.sockets[polling.sid].transport.waiting)
        assert await polling.post("1") == (200, "ok")
        assert await poll == (200, "6")
        assert (await polling.get())[0] == 400

    async def test_websocket(self, serve):
        site = await serve(echo())
        websocket = await site.websocket()
        await websocket.send("1")
        assert await websocket.closed() == 1000
        await site.sessions_become(0)

    async def test_the_disconnect_handler_runs_once_and_can_read_the_session(self, serve):
        server, seen = EngineServer(), []

        @server.on("disconnect")
        async def disconnect(sid: str, reason: str) -> None:
            seen.append((sid, reason, await server.get_session(sid)))

        site = await serve(server)
        websocket = await site.websocket()
        sid = websocket.handshake["sid"]
        await server.save_session(sid, {"name": "Ada"})
        await websocket.close()
        await site.sessions_become(0)
        assert seen == [(sid, "transport close", {"name": "Ada"})]


async def probing(site: Site, sid: str):
    websocket = await site.websocket(sid=sid)
    await websocket.send("2probe")
    assert await websocket.next() == "3probe"
    return websocket


class TestUpgrade:
    async def test_a_complete_upgrade(self, serve):
        site = await serve(echo())
        polling = await site.polling()
        poll = asyncio.create_task(polling.get())
        await eventually(lambda: site.engine.sockets[polling.sid].transport.waiting)
        websocket = await probing(site, polling.sid)
        assert await poll == (200, "6")
        await websocket.send("5", "4hello")
        assert await websocket.next() == "4hello"
        assert site.engine.transport(polling.sid) == "websocket"

    async def test_polls_return_at_once_during_an_upgrade(self, serve):
        site = await serve(echo())
        polling = await site.polling()
        websocket = await probing(site, polling.sid)
        assert await polling.get() == (200, "6")
        await websocket.close()

    async def test_upgrades_lose_and_reorder_nothing(self, serve):
        site = await serve(echo())
        polling = await site.polling()
        session = site.engine.sockets[polling.sid]
        session.send_text("1")
        websocket = await probing(site, polling.sid)
        assert await polling.packets() == ["41"]
        session.send_text("2")
        session.send_text("3")
        await websocket.send("5")
        await eventually(lambda: session.upgraded)
        session.send_text("4")
        assert [await websocket.next() for _ in range(3)] == ["42", "43", "44"]

    async def test_http_requests_are_refused_afterwards(self, serve):
        site = await serve(echo())
        polling = await site.polling()
        websocket = await probing(site, polling.sid)
        await websocket.send("5", "4x")
        assert await websocket.next() == "4x"
        assert (await polling.get())[0] == 400
        assert (await polling.post("4y"))[0] == 400
        await websocket.send("4z")
        assert await websocket.next() == "4z"

    async def test_a_second_websocket_is_closed(self, serve):
        site = await serve(echo())
        polling = await site.polling()
        first = await probing(site, polling.sid)
        second = await site.websocket(sid=polling.sid)
        await second.closed()
        await first.send("5")
        third = await site.websocket(sid=polling.sid)
        await third.closed()
        await first.send("4still")
        assert await first.next() == "4still"

    @pytest.mark.parametrize("frames", [["4hello"], ["2probe", "4hello"], ["2other"]])
    async def test_a_failed_upgrade_keeps_polling(self, serve, frames):
        site = await serve(echo())
        polling = await site.polling()
        websocket = await site.websocket(sid=polling.sid)
        await websocket.send(*frames)
        assert await websocket.closed() == 1008
        assert await polling.post("4on") == (200, "ok")
        assert await polling.get() == (200, "4on")

    async def test_an_upgrade_has_a_deadline(self, serve):
        site = await serve(echo(Limits(upgrade_timeout=0.2)))
        polling = await site.polling()
        websocket = await site.websocket(sid=polling.sid)
        assert await websocket.closed() == 1008
        assert len(site.engine.sockets) == 1

    async def test_the_probing_websocket_ends_with_the_session(self, serve):
        site = await serve(echo())
        polling = await site.polling()
        websocket = await probing(site, polling.sid)
        await polling.post("1")
        await websocket.closed()
        await site.sessions_become(0)
