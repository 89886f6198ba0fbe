"""Requests to addresses outside Socket.IO."""

import asyncio
import logging
import socket
from collections.abc import Iterator

import aiohttp
import pytest

from socketio_server import SocketApp, SocketServer
from stoory.asgi_handler import Handler
from stoory.body_limit import BodyLimit
from tests.harness.servers import embedded
from tests.socketio_server.clients import HANDSHAKE, WAIT, Site
from tests.socketio_server.servers import talkative

ELSEWHERE = [
    "/",
    "/socket.iox",
    "/socket.iox/",
    "/socket.io2/?EIO=4&transport=websocket",
    "/socket",
    "/Socket.IO/",
    "//socket.io/",
    "/x/socket.io/",
    "/engine.io/?EIO=4&transport=websocket",
    "/ws",
    "/admin/",
    "/admin/login/?next=/admin/",
    "/api/messages",
    "/api/messages/?token=abc",
    "/healthz",
    "/readyz",
    "/static/app/app.css",
    "/%73ocket.iox/",
    "/%2Fsocket.io/",
    "/%00",
    "/%ff%fe/",
    "/%E2%82%AC/",
    "/a/../socket.io/",
    "/" + "x" * 5_000,
]
CREDENTIALS = {"none": {}, "a token": {"Authorization": "Bearer abc"}, "a subprotocol": {"Sec-WebSocket-Protocol": "x"}}


@pytest.fixture(autouse=True)
def quiet(caplog) -> Iterator[None]:
    """Check that no request logs a warning or an error."""
    yield
    records = caplog.get_records("call")
    assert not [record.getMessage() for record in records if record.levelno >= logging.WARNING or record.exc_info]


def other_app() -> dict[str, object]:
    """Return the application behind `SocketApp`, as in production."""
    return {"other_asgi_app": BodyLimit(Handler(), limit=100_000)}


def handshake(target: str, headers: dict[str, str]) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return (
        HANDSHAKE.replace("/socket.io/?EIO=4&transport=websocket", target).replace("\r\n", f"\r\n{lines}", 1).encode()
    )


async def answer(site: Site, request: bytes) -> tuple[int, bytes]:
    """Return the status and everything that the server sends until it closes the connection."""
    reader, writer = await site.tcp()
    writer.write(request)
    said = await asyncio.wait_for(reader.read(), WAIT)
    assert said.startswith(b"HTTP/1.1 "), said
    return int(said.split()[1]), said


class TestWebSockets:
    @pytest.mark.parametrize("target", ELSEWHERE)
    async def test_other_addresses_reject_websockets(self, serve, target):
        site = await serve(talkative(), **other_app())
        status, said = await answer(site, handshake(target, {}))
        assert status == 404
        assert said.endswith(b'{"code": 3, "message": "There are no WebSockets at this address"}')

    @pytest.mark.parametrize("given", CREDENTIALS)
    @pytest.mark.parametrize("target", ["/", "/socket.iox", "/admin/?token=abc"])
    async def test_websockets_are_rejected_with_any_headers(self, serve, target, given):
        site = await serve(talkative(), **other_app())
        assert (await answer(site, handshake(target, CREDENTIALS[given])))[0] == 404

    @pytest.mark.parametrize("path", ["/socket.io/", "/socket.io", "/%73ocket.io/", "/socket%2Eio/", "/socket.io/more"])
    async def test_socket_ios_address_accepts_websockets(self, serve, path):
        site = await serve(talkative(), **other_app())
        url = site.url.replace("/socket.io/", path)
        target = aiohttp.client.URL(url + "?EIO=4&transport=websocket", encoded=True)
        async with site.http.ws_connect(target) as websocket:
            assert (await websocket.receive_str(timeout=WAIT)).startswith("0{")

    async def test_an_invalid_handshake_gets_400(self, serve):
        site = await serve(talkative(), **other_app())
        request = handshake("/", {}).replace(b"Sec-WebSocket-Key: ", b"Sec-WebSocket-Key: not-base64-")
        assert (await answer(site, request))[0] == 400

    @pytest.mark.parametrize("target", ["/", "/socket.iox", "/admin/"])
    async def test_without_another_application(self, serve, target):
        site = await serve(SocketServer())
        assert (await answer(site, handshake(target, {})))[0] == 403


class TestHttp:
    @pytest.mark.parametrize(
        ("path", "status"),
        [
            ("/socket.io/?EIO=4&transport=polling", 200),
            ("/socket.io?EIO=4&transport=polling", 200),
            ("/socket.io/more?EIO=4&transport=polling", 200),
            ("/%73ocket.io/?EIO=4&transport=polling", 200),
            ("/socket.io/", 400),
            ("/socket.io/?EIO=4&transport=websocket", 400),
            ("/socket.io/?EIO=4&transport=polling&sid=%00", 400),
            ("/socket.io/%ff", 400),
            ("/socket.iox/?EIO=4&transport=polling", 404),
            ("/x/socket.io/", 404),
            ("/%00", 404),
            ("/%ff", 404),
        ],
    )
    async def test_http_requests_reach_the_application(self, serve, path, status):
        site = await serve(talkative(), **other_app())
        head = "Host: localhost\r\nConnection: close\r\n\r\n"
        assert (await answer(site, f"GET {path} HTTP/1.1\r\n{head}".encode()))[0] == status


class TestScopes:
    @pytest.mark.parametrize("scope", [{"type": "datagram"}, {"type": "http3", "path": "/"}, {"type": ""}])
    async def test_unknown_scopes_end_quietly(self, scope):
        """Neither `receive` nor `send` is called."""
        for application in (Handler(), SocketApp(talkative(), Handler()), SocketApp(SocketServer())):
            await application(dict(scope), None, None)

    @pytest.mark.parametrize("has_hooks", [False, True])
    async def test_a_lifespan_is_answered(self, has_hooks):
        called: list[str] = []
        hooks = {"on_startup": lambda: called.append("start"), "on_shutdown": lambda: called.append("stop")}
        applications = [SocketApp(SocketServer(), other, **(hooks if has_hooks else {})) for other in (None, Handler())]
        for application in (Handler(), *applications):
            events, sent = iter(["lifespan.startup", "lifespan.shutdown"]), []

            async def receive(events: Iterator[str] = events) -> dict[str, str]:
                return {"type": next(events)}

            async def send(message: dict[str, str], sent: list[str] = sent) -> None:
                sent.append(message["type"])

            await application({"type": "lifespan"}, receive, send)
            assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
        assert called == ["start", "stop"] * (2 if has_hooks else 0)

    @pytest.mark.parametrize("path", ["/", "/healthz"])
    async def test_a_handshake_is_closed_without_the_response_extension(self, path):
        """A server without the extension `websocket.http.response` can only close the connection."""
        sent = []

        async def send(message: dict) -> None:
            sent.append(message)

        await Handler()({"type": "websocket", "path": path, "headers": []}, None, send)
        assert [message["type"] for message in sent] == ["websocket.close"]


def test_a_server_in_production_rejects_websockets_elsewhere(tmp_path):
    with embedded(tmp_path) as installation, installation.serving() as server:
        for target in ELSEWHERE:
            with socket.create_connection(("127.0.0.1", server.port), timeout=WAIT) as asked:
                asked.sendall(handshake(target, {}))
                assert asked.recv(1_000).startswith(b"HTTP/1.1 404"), target
    log = server.log()
    assert "Traceback" not in log
    assert "[error" not in log
