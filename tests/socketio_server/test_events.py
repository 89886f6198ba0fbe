"""The Socket.IO protocol: events, acknowledgements, and leaving a namespace."""

import asyncio
from typing import Any

import pytest

from socketio_server import Limits, SocketServer
from tests.harness.waiting import eventually
from tests.socketio_server.servers import talkative


class TestEvents:
    async def test_echo_and_acknowledgement(self, serve):
        websocket = await (await serve(talkative())).connected()
        await websocket.send('4217["echo",1,"2",{"3":[true]}]')
        assert await websocket.next() == '42["echoed",1,"2",{"3":[true]}]'
        assert await websocket.next() == '4317[1,"2",{"3":[true]}]'

    async def test_binary_is_accepted_if_switched_on(self, serve):
        websocket = await (await serve(talkative(binary=True))).connected()
        await websocket.send('452-7["echo",{"_placeholder":true,"num":1},{"_placeholder":true,"num":0}]', b"a", b"b")
        got = [await websocket.next() for _ in range(6)]
        text = '{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]'
        assert got == [f'452-["echoed",{text}', b"b", b"a", f"462-7[{text}", b"b", b"a"]

    @pytest.mark.parametrize("transport", ["websocket", "polling"])
    async def test_events_are_handled_one_at_a_time_in_order(self, serve, transport):
        server, running, seen = SocketServer(), [], []

        @server.on("event")
        async def event(sid: str, number: int) -> None:
            running.append(number)
            assert running == [number]
            await asyncio.sleep(0.001 if number % 50 == 0 else 0)
            seen.append(number)
            running.remove(number)

        site = await serve(server)
        frames = [f'42["event",{number}]' for number in range(1000)]
        if transport == "websocket":
            await (await site.connected()).send(*frames)
        else:
            polling = await site.polling()
            await polling.connect()
            for start in range(0, 1000, 250):
                await polling.post("\x1e".join(frames[start : start + 250]))
        await eventually(lambda: len(seen) == 1000)
        assert seen == list(range(1000))

    async def test_clients_do_not_wait_for_each_other(self, serve):
        server, go_on = talkative(), asyncio.Event()

        @server.on("wait")
        async def wait(sid: str) -> None:
            await go_on.wait()

        site = await serve(server)
        slow, quick = await site.connected(), await site.connected()
        await slow.send('42["wait"]', '421["echo"]')
        await quick.send('42["echo","quick"]')
        assert await quick.next() == '42["echoed","quick"]'
        go_on.set()
        assert await slow.next() == '42["echoed"]'

    async def test_frames_are_not_read_while_a_handler_runs(self, serve):
        """Backpressure: data that the client sends during this time stays in the client's buffers."""
        server, go_on, seen = SocketServer(), asyncio.Event(), []

        @server.on("wait")
        async def wait(sid: str, text: str) -> None:
            seen.append(len(text))
            await go_on.wait()

        site = await serve(server)
        websocket = await site.connected()
        frame = '42["wait","' + "x" * 60_000 + '"]'
        sending = asyncio.create_task(websocket.send(*[frame] * 400))
        await eventually(lambda: seen)
        done, _ = await asyncio.wait({sending}, timeout=1)
        assert not done, "the server read 24 MB while one handler ran"
        go_on.set()
        await sending
        await eventually(lambda: len(seen) == 400)

    async def test_a_failing_handler_does_not_affect_others(self, serve):
        server = talkative()

        @server.on("fail")
        async def fail(sid: str) -> None:
            raise RuntimeError

        websocket = await (await serve(server)).connected()
        await websocket.send('421["fail"]', '42["echo"]')
        assert await websocket.next() == '42["echoed"]'

    async def test_an_unknown_event_is_ignored(self, serve):
        websocket = await (await serve(talkative())).connected()
        await websocket.send('421["nobody knows"]', '42["echo"]')
        assert await websocket.next() == '42["echoed"]'

    async def test_a_lone_surrogate_reaches_the_handler(self, serve):
        server, seen = SocketServer(), []
        server.on("text", lambda sid, text: seen.append(text))
        websocket = await (await serve(server)).connected()
        await websocket.send('42["text","cut \\ud83d"]')
        await eventually(lambda: seen == ["cut \ud83d"])

    async def test_callbacks(self, serve):
        server, answers = SocketServer(), []
        site = await serve(server)
        websocket = await site.connected()
        await server.emit("question", to=websocket.sid, callback=lambda *args: answers.append(args))
        assert await websocket.next() == '421["question"]'
        await websocket.send('439["unknown"]', '431["yes",2]', '431["again"]')
        await eventually(lambda: answers == [("yes", 2)])
        await websocket.send("430[]")
        assert await websocket.closed() == 1008

    async def test_sessions_and_rooms_work_as_in_python_socketio(self, serve):
        server, seen = SocketServer(), []

        @server.on("connect")
        async def connect(sid: str, environ: dict[str, Any], auth: Any = None) -> None:
            await server.save_session(sid, {"name": auth["name"]})

        @server.on("disconnect")
        async def disconnect(sid: str, reason: str) -> None:
            seen.append((await server.get_session(sid), server.rooms(sid)))

        site = await serve(server)
        websocket = await site.connected('{"name":"Ada"}')
        await server.enter_room(websocket.sid, "room")
        await websocket.close()
        await eventually(lambda: seen == [({"name": "Ada"}, [websocket.sid, "room"])])


class TestLeaving:
    async def test_by_the_client(self, serve):
        server, left = talkative(namespaces=["/", "/other"]), []
        server.on("disconnect", lambda sid, reason: left.append((sid, reason)))
        site = await serve(server)
        websocket = await site.connected()
        await websocket.send("40/other", "41")
        await eventually(lambda: left == [(websocket.sid, "client disconnect")])
        await websocket.send('42["echo"]')
        assert await websocket.closed() == 1008

    async def test_by_the_server(self, serve):
        server, left = SocketServer(), []
        server.on("disconnect", lambda sid, reason: left.append((sid, reason)))
        site = await serve(server)
        websocket = await site.connected()
        await server.disconnect(websocket.sid)
        assert await websocket.next() == "41"
        assert left == [(websocket.sid, "server disconnect")]
        # Events that were already sent when the server disconnected do not violate the protocol.
        await websocket.send('42["late"]', "40")
        assert (await websocket.next()).startswith("40")

    async def test_a_client_without_a_namespace_is_disconnected(self, serve):
        server = SocketServer(limits=Limits(connect_timeout=0.3))
        site = await serve(server)
        websocket = await site.connected()
        await server.disconnect(websocket.sid)
        assert await websocket.closed() == 1000

    @pytest.mark.parametrize("transport", ["websocket", "polling"])
    async def test_closing_the_transport_sends_no_socket_io_packet(self, serve, transport):
        server, left = SocketServer(), []
        server.on("disconnect", lambda sid, reason: left.append(reason))
        site = await serve(server)
        if transport == "websocket":
            websocket = await site.connected()
            await server.emit("last", to=websocket.sid)
            server.close_transport(websocket.sid)
            assert await websocket.next() == '42["last"]'
            assert await websocket.closed() == 1000
        else:
            polling = await site.polling()
            await polling.connect()
            poll = asyncio.create_task(polling.get())
            await eventually(lambda: site.engine.sockets[polling.sid].transport.waiting)
            server.close_transport(next(iter(server.manager.rooms["/"][None])))
            assert await poll == (200, "1")
            assert (await polling.get())[0] == 400
        await eventually(lambda: left == ["server disconnect"])
        await site.sessions_become(0)

    async def test_a_failing_disconnect_handler_leaks_nothing(self, serve):
        server = SocketServer()

        @server.on("disconnect")
        async def disconnect(sid: str, reason: str) -> None:
            raise RuntimeError

        site = await serve(server)
        websocket = await site.connected()
        await server.enter_room(websocket.sid, "room")
        await websocket.close()
        await site.sessions_become(0)
        assert not server.manager.rooms
        assert not server.environ

    async def test_the_disconnect_handler_waits_for_the_running_one(self, serve):
        server, go_on, order = SocketServer(), asyncio.Event(), []
        server.on("disconnect", lambda sid, reason: order.append("disconnect"))

        @server.on("work")
        async def work(sid: str) -> None:
            order.append("begin")
            await go_on.wait()
            await server.enter_room(sid, "room")
            order.append("end")

        site = await serve(server)
        websocket = await site.connected()
        await websocket.send('42["work"]')
        await eventually(lambda: order == ["begin"])
        server.close_transport(websocket.sid)
        await websocket.closed()
        go_on.set()
        await site.sessions_become(0)
        assert order == ["begin", "end", "disconnect"]
        assert not server.manager.rooms
