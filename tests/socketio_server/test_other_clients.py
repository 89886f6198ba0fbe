"""Clients of another protocol version, and clients with the msgpack parser, learn why they are refused."""

import asyncio
import json
import logging

import msgpack
import pytest

from socketio_server import SocketServer
from tests.socketio_server.clients import HANDSHAKE, WAIT
from tests.socketio_server.servers import talkative
from tests.socketio_server.test_official_client import official_client

TRANSPORTS = ["websocket", "polling", "polling,websocket"]
UNSUPPORTED_VERSION = {"code": 5, "message": "Unsupported protocol version"}


@pytest.fixture(autouse=True)
def quiet(caplog):
    """Check that no request logs a warning or an error."""
    yield
    assert not [record for record in caplog.get_records("call") if record.levelno >= logging.WARNING]


def connect(namespace: str = "/", **members) -> bytes:
    return msgpack.packb({"type": 0, "data": {"token": "t"}, "nsp": namespace} | members)


class TestOtherVersions:
    @pytest.mark.parametrize("version", ["3", "2", "5", "", "04", "4.0", None])
    async def test_http_requests(self, serve, version):
        site = await serve(talkative())
        query = {"transport": "polling"} | ({} if version is None else {"EIO": version})
        status, body = await site.get(**query)
        assert (status, json.loads(body)) == (400, UNSUPPORTED_VERSION)

    @pytest.mark.parametrize("version", ["EIO=3", "EIO=5", "x=1"])
    async def test_handshakes(self, serve, version):
        site = await serve(talkative())
        reader, writer = await site.tcp()
        writer.write(HANDSHAKE.replace("EIO=4", version).encode())
        said = await asyncio.wait_for(reader.read(), WAIT)
        assert said.startswith(b"HTTP/1.1 400 ")
        assert json.loads(said.partition(b"\r\n\r\n")[2]) == UNSUPPORTED_VERSION

    @pytest.mark.parametrize("transports", TRANSPORTS)
    async def test_version_2_of_the_client_reports_an_error(self, serve, transports):
        site = await serve(talkative())
        async with official_client(site, transports, kind="v2") as client:
            await client.hears("connect_error")
        await site.sessions_become(0)


class TestMsgpack:
    @pytest.mark.parametrize("binary", [False, True])
    @pytest.mark.parametrize("transports", TRANSPORTS)
    async def test_the_client_reads_why(self, serve, transports, binary):
        site = await serve(talkative(binary=binary))
        async with official_client(site, transports, kind="msgpack") as client:
            message, data = await client.hears("connect_error")
            assert "msgpack" in message
            assert data == {"code": "unsupported_parser"}
            await site.sessions_become(0)
            await client.hears_nothing(0.5)  # the client does not come back

    async def test_the_answer_names_the_namespace(self, serve):
        site = await serve(talkative())
        websocket = await site.websocket()
        await websocket.send(connect("/other"))
        answer = msgpack.unpackb(await websocket.next())
        assert (answer["type"], answer["nsp"]) == (4, "/other")
        assert answer["data"]["data"] == {"code": "unsupported_parser"}
        assert await websocket.closed() == 1003

    @pytest.mark.parametrize(
        "packet",
        [
            b"",
            b"\x81",
            connect()[:-1],
            connect() + b"\x00",
            connect(type=2),
            connect(type="0"),
            connect(nsp=5),
            b"\x91" * 60_000,
            msgpack.packb([connect()]),
            msgpack.packb({"type": 0}),
        ],
    )
    async def test_other_binary_messages_are_malformed(self, serve, packet):
        site = await serve(talkative())
        websocket = await site.websocket()
        await websocket.send(packet)
        assert await websocket.closed() in (1003, 1008)
        assert await site.sessions_become(0) is None

    async def test_a_connected_client_cannot_change_its_parser(self, serve):
        site = await serve(talkative())
        websocket = await site.connected()
        await websocket.send(connect())
        assert await websocket.closed() in (1003, 1008)


async def test_the_stock_client_still_connects(serve):
    site = await serve(SocketServer())
    async with official_client(site, "websocket") as client:
        await client.hears("connect")
