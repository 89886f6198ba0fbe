"""Malformed Socket.IO packets."""

import asyncio
import gc
import weakref

import pytest

from socketio_server import SocketServer, uvicorn_websocket
from socketio_server.uvicorn_websocket import PicowsProtocol
from tests.harness.waiting import eventually
from tests.socketio_server.clients import running
from tests.socketio_server.servers import talkative

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
    "absurd nesting without a name": "42[" + "[" * 30_000 + "]" * 30_000 + "]",
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
    async def test_malformed_binary_packets(self, serve, frames):
        websocket = await (await serve(talkative(binary=True))).connected()
        await websocket.send(*frames)
        assert await websocket.closed() == 1008


async def test_a_closed_connection_is_freed_at_once(monkeypatch):
    """The memory of the connection is freed at once, and not after the timeout for the client's close frame. By then
    the garbage collector would scan the objects only rarely."""
    made: list[weakref.ref[PicowsProtocol]] = []

    def connection_made(protocol: PicowsProtocol, transport: asyncio.Transport) -> None:
        made.append(weakref.ref(protocol))
        original(protocol, transport)

    def is_forgotten() -> bool:
        gc.collect()
        return not made[0]()

    original = PicowsProtocol.connection_made
    monkeypatch.setattr(PicowsProtocol, "connection_made", connection_made)
    monkeypatch.setattr(uvicorn_websocket, "_CLOSE_TIMEOUT", 3600.0)
    async with running(talkative()) as site:
        websocket = await site.connected()
        await websocket.send("42{}")
        await websocket.closed()
        await eventually(is_forgotten)
