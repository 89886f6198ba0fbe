"""The Socket.IO protocol: CONNECT, and packets that are sent before the server accepts it."""

import asyncio
import json
from typing import Any

import pytest
from socketio import exceptions

from socketio_server import Limits, SocketServer
from tests.socketio_server.clients import Site, eventually
from tests.socketio_server.servers import talkative


class TestConnect:
    async def test_extra_members_of_the_response(self, serve):
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
            (
                exceptions.ConnectionRefusedError("No", {"code": "token_invalid"}),
                {"message": "No", "data": {"code": "token_invalid"}},
            ),
            (exceptions.ConnectionRefusedError("No"), {"message": "No"}),
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

    async def test_a_rejected_client_can_connect_again(self, serve):
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
    async def test_a_client_that_is_not_accepted_in_time_is_disconnected(self, serve, frames):
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

    async def test_an_accepted_client_stays_connected(self, serve):
        site = await serve(talkative(limits=Limits(connect_timeout=0.2)))
        websocket = await site.connected()
        await asyncio.sleep(0.5)
        await websocket.send('42["echo"]')
        assert await websocket.next() == '42["echoed"]'


class Deciding:
    """A server whose connect handler waits until the test sets the result."""

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
        self.server.send_frame(self.server.manager.eio_sid_from_sid(self.sid, "/"), '42["as-text"]')
        return site, client


class TestBeforeItIsAccepted:
    async def test_packets_follow_the_response_in_order(self, serve):
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

    async def test_nothing_is_sent_to_a_rejected_client(self, serve):
        deciding = Deciding()
        _, websocket = await deciding.begin(serve)
        deciding.answer.set_result(False)
        assert (await websocket.next()).startswith("44")
        # The client sent its event without waiting for the response, which violates the protocol.
        assert await websocket.closed() == 1008
        assert deciding.handled == []

    async def test_events_of_a_second_polling_request_wait_too(self, serve):
        deciding = Deciding()
        site, polling = await deciding.begin(serve, "polling")
        assert (await polling.post('42["overtaking"]'))[0] == 400
        deciding.answer.set_result(True)
        await deciding.post
        await site.sessions_become(0)
        assert deciding.handled == []

    async def test_other_namespaces_do_not_wait(self, serve):
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

    async def test_the_client_can_disconnect_before_the_response(self, serve):
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
