"""`SocketApp`: origins, addresses, admission, logging and shutdown."""

import asyncio
import logging
from typing import Any

import aiohttp
import pytest
from socketio import ASGIApp

from foundation.addresses import TrustedProxies
from socketio_server import Limits, SocketApp, SocketServer
from tests.socketio_server.clients import Site, eventually
from tests.socketio_server.servers import talkative

HOME = "https://app.example"


def addresses() -> tuple[SocketServer, list[str]]:
    server, seen = SocketServer(), []
    server.on("connect", lambda sid, environ, auth=None: seen.append(environ["REMOTE_ADDR"]))
    return server, seen


async def websocket_status(site: Site, headers: dict[str, str]) -> int:
    try:
        websocket = await site.http.ws_connect(site.url, params=site.query("websocket"), headers=headers)
    except aiohttp.WSServerHandshakeError as refused:
        return refused.status
    await websocket.close()
    return 101


class TestOrigins:
    @pytest.mark.parametrize(
        ("allowed", "origin", "passes"),
        [
            ([HOME], HOME, True),
            ([HOME + "/"], HOME.upper(), True),
            ([HOME], "https://evil.example", False),
            ([HOME], "https://app.example.evil.example", False),
            ([HOME], "http://app.example", False),
            ([HOME], "null", False),
            ([HOME], None, True),
            ([], HOME, False),
            ([], None, True),
            (["*"], "https://any.example", True),
        ],
    )
    async def test_both_transports(self, serve, allowed, origin, passes):
        site = await serve(SocketServer(cors_allowed_origins=allowed))
        headers = {"Origin": origin} if origin else {}
        assert (await site.get(headers, **site.query("polling")))[0] == (200 if passes else 403)
        assert await websocket_status(site, headers) == (101 if passes else 403)

    async def test_headers_of_the_request_do_not_permit_its_origin(self, serve):
        site = await serve(SocketServer(cors_allowed_origins=[HOME]))
        origin = site.url.removesuffix("/socket.io/")
        forged = {"Origin": origin, "X-Forwarded-Host": origin.removeprefix("http://"), "X-Forwarded-Proto": "http"}
        assert (await site.get(forged, **site.query("polling")))[0] == 403

    async def test_responses_name_the_origin_and_permit_no_credentials(self, serve):
        site = await serve(SocketServer(cors_allowed_origins=[HOME]))
        for query, status in ((site.query("polling"), 200), (site.query("nonsense"), 400)):
            async with site.http.get(site.url, params=query, headers={"Origin": HOME}) as answer:
                assert answer.status == status
                assert answer.headers["Access-Control-Allow-Origin"] == HOME
                assert answer.headers["Access-Control-Expose-Headers"] == "Retry-After"
                assert answer.headers["Vary"] == "Origin"
                assert "Access-Control-Allow-Credentials" not in answer.headers

    async def test_preflight(self, serve):
        site = await serve(SocketServer(cors_allowed_origins=[HOME]))
        asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-thing"}
        async with site.http.options(site.url, headers=asked | {"Origin": HOME}) as answer:
            assert answer.status == 204
            assert answer.headers["Access-Control-Allow-Methods"] == "GET, POST"
            assert answer.headers["Access-Control-Allow-Headers"] == "x-thing"
        async with site.http.options(site.url, headers=asked | {"Origin": "https://evil.example"}) as answer:
            assert answer.status == 403
            assert "Access-Control-Allow-Origin" not in answer.headers

    async def test_jsonp_is_refused(self, serve):
        site = await serve(SocketServer())
        assert (await site.get(**site.query("polling", j="0")))[0] == 400
        polling = await site.polling()
        assert (await site.get(**site.query("polling", sid=polling.sid, j="0")))[0] == 400


class TestAddresses:
    @pytest.mark.parametrize(
        ("networks", "peer", "header", "client"),
        [
            ([], "1.2.3.4", "9.9.9.9", "1.2.3.4"),
            (["10.0.0.0/8"], "10.0.0.1", "9.9.9.9", "9.9.9.9"),
            (["10.0.0.0/8"], "1.2.3.4", "9.9.9.9", "1.2.3.4"),
            (["10.0.0.0/8"], "10.0.0.1", "6.6.6.6, 9.9.9.9", "9.9.9.9"),
            (["10.0.0.0/8"], "10.0.0.1", "9.9.9.9, 10.0.0.2", "9.9.9.9"),
            (["10.0.0.0/8"], "10.0.0.1", "9.9.9.9, nonsense", "10.0.0.1"),
            (["10.0.0.0/8"], "10.0.0.1", "nonsense, 9.9.9.9", "9.9.9.9"),
            (["10.0.0.0/8"], "10.0.0.1", "9.9.9.9:4711", "9.9.9.9"),
            (["::1"], "::1", "[2001:db8::1]:4711", "2001:db8::1"),
            (["10.0.0.0/8"], "::ffff:10.0.0.1", "::ffff:9.9.9.9", "9.9.9.9"),
            (["unix"], "", "9.9.9.9", "9.9.9.9"),
            ([], "", "9.9.9.9", ""),
        ],
    )
    def test_only_headers_of_trusted_proxies_are_used(self, networks, peer, header, client):
        assert TrustedProxies(networks).client(peer, header).address == client

    @pytest.mark.parametrize(("proxies", "address"), [([], "127.0.0.1"), (["127.0.0.0/8"], "203.0.113.7")])
    async def test_the_connect_handler_receives_the_address(self, serve, proxies, address):
        server, seen = addresses()
        site = await serve(server, trusted_proxies=proxies)
        websocket = await site.websocket(headers={"X-Forwarded-For": "6.6.6.6, 203.0.113.7"})
        await websocket.send("40")
        await eventually(lambda: seen == [address])


class TestAdmission:
    @pytest.mark.parametrize("asynchronous", [False, True])
    async def test_the_admission_hook_runs_once_a_session_and_at_its_end(self, serve, asynchronous):
        held: list[str] = []

        def admit(address: str) -> bool:
            return len(held) < 2 and not held.append(address)

        async def admit_later(address: str) -> bool:
            await asyncio.sleep(0)
            return admit(address)

        server = SocketServer()
        site = await serve(server, admit=admit_later if asynchronous else admit, on_session_end=held.remove)
        websocket, polling = await site.connected(), await site.polling()
        await polling.connect()
        assert held == ["127.0.0.1"] * 2
        async with site.http.get(site.url, params=site.query("polling")) as refused:
            assert (refused.status, refused.headers["Retry-After"]) == (429, "5")
        assert await websocket_status(site, {}) == 429
        await websocket.close()
        await eventually(lambda: len(held) == 1)
        await polling.post("1")
        await eventually(lambda: not held)
        assert await websocket_status(site, {}) == 101

    async def test_an_invalid_request_does_not_call_the_admission_hook(self, serve):
        asked: list[str] = []
        site = await serve(SocketServer(), admit=asked.append)
        await site.get(EIO="3", transport="polling")
        await site.get(**site.query("nonsense"))
        assert not asked


class TestLogs:
    async def test_logs_contain_no_session_ids_tokens_or_bodies(self, serve, caplog, capfd):
        caplog.set_level(logging.DEBUG)
        logging.getLogger("uvicorn").setLevel(logging.INFO)
        server = talkative()
        site = await serve(server)
        polling = await site.polling()
        await polling.connect('{"token":"secret-token"}')
        await polling.post('42["echo","secret-body"]')
        upgrade = await site.websocket(sid=polling.sid)
        await upgrade.send("2probe")
        await upgrade.next()
        await upgrade.send("5", '42["nonsense"', '42["echo"]')
        await upgrade.closed()
        assert (await polling.get())[0] == 400
        websocket = await site.connected('{"token":"secret-token"}')
        await server.enter_room(websocket.sid, "room")
        await server.disconnect(websocket.sid)
        await websocket.send("4nonsense")
        await websocket.closed()
        written = caplog.text + "".join(capfd.readouterr())
        assert '"GET /socket.io/' in written, "the access log has no line for the request"
        for secret in (polling.sid, websocket.sid, websocket.handshake["sid"], "secret-token", "secret-body"):
            assert secret not in written

    @pytest.mark.parametrize(
        ("path", "query"),
        [
            ("/socket.io/", b"EIO=4&transport=polling&sid=abcdef"),
            ("/api/uploads/1", b"signature=secret"),
            ("/", b"q=x"),
        ],
    )
    async def test_queries_are_hidden_from_the_servers_access_log(self, path, query):
        """uvicorn's access log reads the query string from the scope that it passed to the application."""
        seen: list[bytes] = []

        async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
            seen.append(scope["query_string"])

        async def receive() -> dict[str, Any]:
            return {"type": "http.request"}

        async def send(message: dict[str, Any]) -> None:
            pass

        scope = {"type": "http", "method": "GET", "path": path, "query_string": query, "headers": []}
        await SocketApp(SocketServer(), application)(scope, receive, send)
        assert scope["query_string"] == b"hidden"
        assert seen == ([] if path == "/socket.io/" else [query])

    async def test_a_failing_handler_is_logged_without_its_data(self, serve, caplog):
        server = SocketServer()

        @server.on("fail")
        async def fail(sid: str, data: Any) -> None:
            raise RuntimeError("broken")

        websocket = await (await serve(server)).connected()
        await websocket.send('42["fail","secret-body"]')
        await eventually(lambda: "RuntimeError: broken" in caplog.text)
        assert "secret-body" not in caplog.text
        assert websocket.sid not in caplog.text


class TestDrain:
    async def test_drain(self, serve):
        server, left = SocketServer(limits=Limits()), []
        server.on("disconnect", lambda sid, reason: left.append(reason))
        site = await serve(server)
        websockets = [await site.connected() for _ in range(5)]
        polling = await site.polling()
        await polling.connect()
        poll = asyncio.create_task(polling.get())
        await eventually(lambda: site.engine.sockets[polling.sid].transport.waiting)
        draining = asyncio.create_task(server.drain(0.5))
        await eventually(lambda: site.engine.draining)
        assert (await site.get(**site.query("polling")))[0] == 503
        assert await websocket_status(site, {}) == 503
        assert [await websocket.closed() for websocket in websockets] == [1012] * 5
        assert await poll == (200, "1")
        await draining
        assert left == ["server disconnect"] * 6
        assert not site.engine.sockets

    async def test_queued_packets_are_sent_before_the_drain(self, serve):
        server = SocketServer()
        site = await serve(server)
        websocket = await site.connected()
        for number in range(100):
            await server.emit("event", number)
        await server.drain(0)
        assert [await websocket.next() for _ in range(100)] == [f'42["event",{n}]' for n in range(100)]
        assert await websocket.closed() == 1012

    async def test_a_drain_does_not_wait_for_stuck_sessions(self, serve):
        server, go_on, begun = SocketServer(limits=Limits(close_timeout=0.2)), asyncio.Event(), asyncio.Event()

        @server.on("work")
        async def work(sid: str) -> None:
            begun.set()
            await go_on.wait()

        websocket = await (await serve(server)).connected()
        await websocket.send('42["work"]')
        await begun.wait()
        await asyncio.wait_for(server.drain(0), 5)
        go_on.set()


def test_python_socketios_interface_works():
    assert issubclass(SocketApp, ASGIApp)
