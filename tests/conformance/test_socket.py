"""The Socket.IO protocol: connecting, events, acknowledgements, leaving."""

import asyncio
import json
from typing import Any

import pytest
from socketio.exceptions import ConnectionRefusedError as Refused

from realtime.protocol import Limits, SocketServer
from tests.conformance.clients import Site, eventually


def talkative(**options: Any) -> SocketServer:
    """`echo` answers with `echoed` and, if asked, with an acknowledgement."""
    server = SocketServer(**options)

    @server.on("echo")
    async def echo(sid: str, *args: Any) -> tuple[Any, ...]:
        await server.emit("echoed", args, to=sid)
        return args

    return server


class TestConnect:
    async def test_extra_members_of_the_answer(self, serve):
        server = SocketServer()
        server.on("connect", lambda sid, environ, auth=None: {"pid": "p1", "sid": "forged"})
        websocket = await (await serve(server)).websocket()
        await websocket.send("40")
        answer = json.loads((await websocket.next())[2:])
        assert answer["pid"] == "p1"
        assert answer["sid"] != "forged"

    async def test_the_handler_gets_auth_and_environ(self, serve):
        server, seen = SocketServer(), []
        server.on("connect", lambda sid, environ, auth=None: seen.append((environ, auth)))
        site = await serve(server)
        await (await site.websocket(headers={"X-Thing": "1"})).send('40{"token":"t"}')
        await eventually(lambda: seen)
        environ, auth = seen[0]
        assert auth == {"token": "t"}
        assert environ["HTTP_X_THING"] == "1"
        assert environ["REMOTE_ADDR"] == "127.0.0.1"
        assert "EIO=4" in environ["QUERY_STRING"]

    @pytest.mark.parametrize(
        ("fault", "answer"),
        [
            (Refused("No", {"code": "token_invalid"}), {"message": "No", "data": {"code": "token_invalid"}}),
            (Refused("No"), {"message": "No"}),
            (False, {"message": "Connection rejected by server"}),
            (TypeError("a secret"), {"message": "Internal server error"}),
        ],
    )
    async def test_refusal(self, serve, fault, answer):
        server, calls = SocketServer(), []

        @server.on("connect")
        async def connect(sid: str, environ: dict[str, Any], auth: Any = None) -> bool:
            calls.append(sid)
            if isinstance(fault, Exception):
                raise fault
            return fault

        websocket = await (await serve(server)).websocket()
        await websocket.send("40")
        refused = await websocket.next()
        assert refused.startswith("44")
        assert json.loads(refused[2:]) == answer
        assert len(calls) == 1
        assert not server.manager.rooms

    async def test_after_a_refusal_it_can_be_tried_again(self, serve):
        server, tokens = SocketServer(), []

        @server.on("connect")
        async def connect(sid: str, environ: dict[str, Any], auth: Any = None) -> bool:
            tokens.append(auth)
            return auth is not None

        websocket = await (await serve(server)).websocket()
        await websocket.send("40", '40{"token":"x"}')
        assert (await websocket.next()).startswith("44")
        assert (await websocket.next()).startswith("40")

    async def test_unknown_namespace(self, serve):
        websocket = await (await serve(SocketServer())).websocket()
        await websocket.send("40/random", '40/random,{"a":1}')
        for _ in range(2):
            assert await websocket.next() == '44/random,{"message":"Invalid namespace"}'

    async def test_namespaces_are_separate(self, serve):
        server = SocketServer(namespaces=["/", "/custom"])
        websocket = await (await serve(server)).websocket()
        await websocket.send("40/custom,", "40")
        assert (await websocket.next()).startswith('40/custom,{"sid":')
        assert (await websocket.next()).startswith('40{"sid":')
        await server.emit("only", namespace="/custom")
        assert await websocket.next() == '42/custom,["only"]'

    async def test_namespaces_are_limited(self, serve):
        server = SocketServer(limits=Limits(max_namespaces=2), namespaces=["/", "/a", "/b"])
        websocket = await (await serve(server)).websocket()
        await websocket.send("40", "40/a", "40/b")
        assert await websocket.closed() == 1008

    async def test_a_second_connect_closes(self, serve):
        websocket = await (await serve(SocketServer())).connected()
        await websocket.send("40")
        assert await websocket.closed() == 1008

    @pytest.mark.parametrize("frames", [[], ["40/random"], ["40"]])
    async def test_who_is_not_accepted_in_time_is_closed(self, serve, frames):
        server, ended = SocketServer(limits=Limits(connect_timeout=0.3)), asyncio.Event()

        @server.on("connect")
        async def connect(sid: str, environ: dict[str, Any], auth: Any = None) -> None:
            await ended.wait()

        site = await serve(server)
        websocket = await site.websocket()
        await websocket.send(*frames)
        await websocket.closed()
        ended.set()
        await site.sessions_become(0)
        assert not server.manager.rooms

    async def test_who_is_accepted_stays(self, serve):
        site = await serve(talkative(limits=Limits(connect_timeout=0.2)))
        websocket = await site.connected()
        await asyncio.sleep(0.5)
        await websocket.send('42["echo"]')
        assert await websocket.next() == '42["echoed"]'


class Deciding:
    """A server whose connect handler waits to be told what to answer."""

    def __init__(self) -> None:
        self.server = SocketServer(namespaces=["/", "/other"])
        self.sid: str | None = None
        self.answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.handled: list[str] = []
        self.server.on("connect", self._connect)
        self.server.on("*", self._event)

    async def _connect(self, sid: str, environ: dict[str, Any], auth: Any = None) -> bool:
        await self.server.enter_room(sid, "room")
        await self.server.emit("from-handler", to=sid)
        self.sid = sid
        return await self.answer

    async def _event(self, event: str, sid: str, *args: Any) -> None:
        self.handled.append(event)

    async def begin(self, serve: Any, transport: str = "websocket") -> tuple[Site, Any]:
        site = await serve(self.server)
        if transport == "websocket":
            client = await site.websocket()
            await client.send("40", '42["early"]')
        else:
            client = await site.polling()
            self.post = asyncio.create_task(client.post('40\x1e42["early"]'))
        await eventually(lambda: self.sid)
        await self.server.emit("to-all")
        await self.server.emit("to-room", 1, room="room")
        self.server.send_text(self.server.manager.eio_sid_from_sid(self.sid, "/"), '2["as-text"]')
        return site, client


class TestBeforeItIsAccepted:
    async def test_what_is_sent_follows_the_answer_in_order(self, serve):
        deciding = Deciding()
        _, websocket = await deciding.begin(serve)
        await asyncio.sleep(0.1)
        assert deciding.handled == []
        deciding.answer.set_result(True)
        frames = [await websocket.next() for _ in range(5)]
        assert frames[0].startswith('40{"sid":')
        assert frames[1:] == ['42["from-handler"]', '42["to-all"]', '42["to-room",1]', '42["as-text"]']
        await eventually(lambda: deciding.handled == ["early"])
        await deciding.server.emit("live", room="room")
        assert await websocket.next() == '42["live"]'

    async def test_nothing_is_sent_to_who_is_refused(self, serve):
        deciding = Deciding()
        _, websocket = await deciding.begin(serve)
        deciding.answer.set_result(False)
        assert (await websocket.next()).startswith("44")
        # The event that was sent without waiting for the answer breaks the protocol.
        assert await websocket.closed() == 1008
        assert deciding.handled == []

    async def test_a_second_polling_request_gets_nothing_through(self, serve):
        deciding = Deciding()
        site, polling = await deciding.begin(serve, "polling")
        assert (await polling.post('42["overtaking"]'))[0] == 400
        deciding.answer.set_result(True)
        await deciding.post
        await site.sessions_become(0)
        assert deciding.handled == []

    async def test_other_namespaces_are_not_held(self, serve):
        deciding = Deciding()
        site = await serve(deciding.server)
        websocket = await site.websocket()
        await websocket.send("40/other", "40")
        await eventually(lambda: deciding.sid)
        await deciding.server.emit("now", namespace="/other")
        assert (await websocket.next()).startswith("40/other,")
        assert await websocket.next() == '42/other,["now"]'
        deciding.answer.set_result(True)

    async def test_an_event_without_connect_closes(self, serve):
        deciding = Deciding()
        websocket = await (await serve(deciding.server)).websocket()
        await websocket.send('42["early"]')
        assert await websocket.closed() == 1008
        assert deciding.handled == []

    async def test_the_client_may_be_gone_before_the_answer(self, serve):
        deciding, left = Deciding(), []
        deciding.server.on("disconnect", lambda sid, reason: left.append((sid, reason)))
        site = await serve(deciding.server)
        websocket = await site.websocket()
        await websocket.send("40")
        await eventually(lambda: deciding.sid)
        await websocket.close()
        deciding.answer.set_result(True)
        await site.sessions_become(0)
        assert left == [(deciding.sid, "transport close")]
        assert not deciding.server.manager.rooms


class TestEvents:
    async def test_echo_and_acknowledgement(self, serve):
        websocket = await (await serve(talkative())).connected()
        await websocket.send('4217["echo",1,"2",{"3":[true]}]')
        assert await websocket.next() == '42["echoed",1,"2",{"3":[true]}]'
        assert await websocket.next() == '4317[1,"2",{"3":[true]}]'

    async def test_binary_where_it_is_switched_on(self, serve):
        websocket = await (await serve(talkative(binary=True))).connected()
        await websocket.send('452-7["echo",{"_placeholder":true,"num":1},{"_placeholder":true,"num":0}]', b"a", b"b")
        got = [await websocket.next() for _ in range(6)]
        text = '{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]'
        assert got == [f'452-["echoed",{text}', b"b", b"a", f"462-7[{text}", b"b", b"a"]

    @pytest.mark.parametrize("transport", ["websocket", "polling"])
    async def test_one_at_a_time_and_in_order(self, serve, transport):
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
        """Natural backpressure: what the client sends meanwhile stays in its own buffers."""
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
        assert not done, "24 MB were taken in while one handler ran"
        go_on.set()
        await sending
        await eventually(lambda: len(seen) == 400)

    async def test_a_failing_handler_harms_nobody(self, serve):
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

    async def test_half_a_surrogate_pair_reaches_the_handler(self, serve):
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

    async def test_sessions_and_rooms_as_ever(self, serve):
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


MALFORMED = {
    "no type": "4",
    "letters": "4abc",
    "type out of range": "47",
    "event without payload": "42",
    "object as event": "42{}",
    "no array": '42"message"',
    "empty array": "42[]",
    "number as name": "42[1]",
    "id of letters": '42abc["echo"]',
    "half a payload": '42["echo"',
    "two payloads": '42["echo"]["echo"]',
    "not a number": '42["echo",NaN]',
    "infinity": '42["echo",Infinity]',
    "giant id": '42123456789012345678["echo"]',
    "id of a thousand digits": "42" + "9" * 1000 + '["echo"]',
    "attachments of a text event": '421-["echo"]',
    "deep nesting": '42["echo",' + "[" * 50 + "]" * 50 + "]",
    "absurd nesting": '42["echo",' + "[" * 30_000 + "]" * 30_000 + "]",
    "reserved name": '42["connect",{"token":"x"}]',
    "reserved name disconnect": '42["disconnect"]',
    "name of the catch-all": '42["*"]',
    "connect error": '44{"message":"x"}',
    "disconnect with payload": '41{"a":1}',
    "acknowledgement without id": "43[]",
    "acknowledgement without array": "431{}",
    "binary event": '451-["echo",{"_placeholder":true,"num":0}]',
    "binary acknowledgement": '461-1[{"_placeholder":true,"num":0}]',
    "a thousand million attachments": '451000000000-["echo"]',
    "binary frame": b"\x00\x01",
    "other namespace": '42/other,["echo"]',
    "long namespace": "40/" + "n" * 1000,
}


class TestMalformed:
    @pytest.mark.parametrize("frame", MALFORMED.values(), ids=MALFORMED)
    async def test_closes(self, serve, caplog, frame):
        site = await serve(talkative())
        websocket = await site.connected()
        await websocket.send(frame)
        assert await websocket.closed() in (1003, 1008)
        await site.sessions_become(0)
        assert not [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")]

    @pytest.mark.parametrize("payload", ['40["no object"]', "40[]", "401", '400{"a":1}', '40{"a":1', "40null"])
    async def test_connect_packets(self, serve, payload):
        websocket = await (await serve(SocketServer())).websocket()
        await websocket.send(payload)
        assert await websocket.closed() == 1008

    @pytest.mark.parametrize(
        "frames",
        [
            ['451000000000-["echo"]'],
            ['4517-["echo"]'],
            ['450-["echo"]'],
            ['45["echo"]'],
            ['451-["echo",{"_placeholder":true,"num":1}]'],
            ['451-["echo",{"_placeholder":true,"num":-1}]'],
            ['451-["echo",{"_placeholder":true,"num":"0"}]'],
            ['451-["echo",{"_placeholder":true}]'],
            [b"unannounced"],
            ['451-["echo",{"_placeholder":true,"num":0}]', '42["echo"]'],
        ],
        ids=str,
    )
    async def test_binary_packets_where_they_are_taken(self, serve, frames):
        websocket = await (await serve(talkative(binary=True))).connected()
        await websocket.send(*frames)
        assert await websocket.closed() == 1008


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

    async def test_by_the_server_for_good(self, serve):
        server, left = SocketServer(), []
        server.on("disconnect", lambda sid, reason: left.append((sid, reason)))
        site = await serve(server)
        websocket = await site.connected()
        await server.disconnect(websocket.sid)
        assert await websocket.next() == "41"
        assert left == [(websocket.sid, "server disconnect")]
        # Events that were on their way are no fault of the client's.
        await websocket.send('42["late"]', "40")
        assert (await websocket.next()).startswith("40")

    async def test_whoever_is_in_no_namespace_any_more_is_closed(self, serve):
        server = SocketServer(limits=Limits(connect_timeout=0.3))
        site = await serve(server)
        websocket = await site.connected()
        await server.disconnect(websocket.sid)
        assert await websocket.closed() == 1000

    @pytest.mark.parametrize("transport", ["websocket", "polling"])
    async def test_closing_the_transport_says_nothing_of_socket_io(self, serve, transport):
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

    async def test_a_failing_disconnect_handler_leaves_nothing_behind(self, serve):
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
