"""The Engine.IO protocol: handshake and messages."""

import asyncio
import json
import re
from urllib.parse import urlsplit

import aiohttp
import pytest

from socketio_server import EngineServer
from tests.socketio_server.clients import WAIT, Site, eventually
from tests.socketio_server.servers import QUICK, echo


def upgrade_request(site: Site, method: str = "GET", **changed: str) -> bytes:
    """Return the head of a WebSocket handshake."""
    head = {
        "Host": "127.0.0.1",
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    } | changed
    lines = [f"{method} {urlsplit(site.url).path}?EIO=4&transport=websocket HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in head.items()]
    return "\r\n".join([*lines, "", ""]).encode()


class TestHandshake:
    async def test_polling(self, serve):
        site = await serve(echo(QUICK))
        polling = await site.polling()
        assert polling.handshake == {
            "sid": polling.sid,
            "upgrades": ["websocket"],
            "pingInterval": 300,
            "pingTimeout": 200,
            "maxPayload": 1_000_000,
        }

    async def test_websocket(self, serve):
        site = await serve(echo(QUICK))
        websocket = await site.websocket()
        assert websocket.handshake["upgrades"] == []
        assert websocket.handshake["pingInterval"] == 300

    @pytest.mark.parametrize(
        "query",
        [
            {"transport": "polling"},
            {"EIO": "3", "transport": "polling"},
            {"EIO": "abc", "transport": "polling"},
            {"EIO": "4"},
            {"EIO": "4", "transport": "abc"},
            {"EIO": "4", "transport": "websocket"},
            {"EIO": "4", "transport": "polling", "sid": "unknown"},
            {"EIO": "4", "transport": "polling", "j": "0"},
        ],
    )
    async def test_bad_requests_are_400(self, serve, query):
        site = await serve(echo())
        status, text = await site.get(**query)
        assert (status, set(json.loads(text))) == (400, {"code", "message"})
        assert not site.engine.sockets

    async def test_an_unavailable_transport_is_refused_with_the_available_ones(self, serve):
        site = await serve(echo(transports=["websocket"]))
        for more in ({}, {"sid": "unknown"}):
            status, text = await site.get(EIO="4", transport="polling", **more)
            assert (status, json.loads(text)["code"]) == (400, 0)
            assert "transports: ['websocket']" in json.loads(text)["message"]
        assert not site.engine.sockets
        websocket = await site.websocket()
        assert websocket.handshake["upgrades"] == []

    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
    async def test_only_get_opens_a_session(self, serve, method):
        site = await serve(echo())
        async with site.http.request(method, site.url, params=site.query("polling")) as answer:
            assert answer.status == 400

    @pytest.mark.parametrize("query", [{"EIO": "3"}, {"sid": "unknown"}, {"transport": "polling"}])
    async def test_bad_websocket_handshakes_are_400(self, serve, query):
        site = await serve(echo())
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await site.http.ws_connect(site.url, params=site.query("websocket") | query)
        assert refused.value.status == 400

    @pytest.mark.parametrize(
        ("method", "changed"),
        [
            ("POST", {}),
            ("GET", {"Sec-WebSocket-Version": "8"}),
            ("GET", {"Sec-WebSocket-Key": "bm8gc2l4dGVlbg=="}),
            ("GET", {"Sec-WebSocket-Key": "*"}),
        ],
        ids=["not a GET", "another version", "a short key", "a key that is not base64"],
    )
    async def test_an_invalid_websocket_handshake_is_refused(self, serve, method, changed):
        site = await serve(echo())
        reader, writer = await site.tcp()
        writer.write(upgrade_request(site, method, **changed))
        status = await asyncio.wait_for(reader.readline(), WAIT)
        writer.close()
        assert status.split(b" ")[1].startswith(b"4")

    @pytest.mark.parametrize("asked", ["", "Connection: Upgrade\r\nUpgrade: h2c\r\n"], ids=["nothing", "HTTP/2"])
    async def test_a_connection_can_become_a_websocket_after_other_requests(self, serve, asked):
        site = await serve(echo())
        reader, writer = await site.tcp()
        polling = f"GET {urlsplit(site.url).path}?EIO=4&transport=polling HTTP/1.1\r\nHost: 127.0.0.1\r\n{asked}\r\n"
        for request, status in ((polling.encode(), b"200"), (upgrade_request(site), b"101")):
            writer.write(request)
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), WAIT)
            assert head.split(b" ")[1] == status
            length = re.search(rb"content-length: (\d+)", head.lower())
            await asyncio.wait_for(reader.readexactly(int(length[1]) if length else 2), WAIT)
        await site.sessions_become(2)
        writer.close()
        await site.sessions_become(1)

    async def test_session_ids_are_long_and_random(self, serve):
        site = await serve(echo())
        sids = [(await site.polling()).sid for _ in range(20)]
        # 32 characters of 6 bits are 192 bits; at least 128 are required.
        assert all(re.fullmatch(r"[A-Za-z0-9_-]{32}", sid) for sid in sids)
        assert all(len({sid[index] for sid in sids}) > 5 for index in range(32))


class TestMessages:
    @pytest.mark.parametrize("payload", ["4hello", "4a\x1e4b\x1e4c", "4hello\x1ebAQIDBA==", "4é😀"])
    async def test_polling(self, serve, payload):
        polling = await (await serve(echo())).polling()
        assert await polling.post(payload.encode()) == (200, "ok")
        assert await polling.get() == (200, payload)

    @pytest.mark.parametrize("frame", ["4hello", "4é😀", b"\x01\x02\x03"])
    async def test_websocket(self, serve, frame):
        websocket = await (await serve(echo())).websocket()
        await websocket.send(frame)
        assert await websocket.next() == frame

    @pytest.mark.parametrize(
        "payload", [b"abc", b"", b"4ok\x1e", b"\xff", b"7", b"b!!!", b"0", b"5", b"2", b"3x", b"1x", b"6"]
    )
    async def test_malformed_payload_ends_a_polling_session(self, serve, payload):
        site = await serve(echo())
        polling = await site.polling()
        assert (await polling.post(payload))[0] == 400
        assert (await polling.get())[0] == 400
        await site.sessions_become(0)

    @pytest.mark.parametrize("frame", ["abc", "", "7", "0", "2", "5", "6", "3x"])
    async def test_malformed_frame_closes_a_websocket(self, serve, frame):
        site = await serve(echo())
        websocket = await site.websocket()
        await websocket.send(frame)
        assert await websocket.closed() == 1008
        await site.sessions_become(0)

    async def test_a_repeated_poll_gets_the_same_response(self, serve):
        polling = await (await serve(echo())).polling()
        await polling.post("4a")
        assert await polling.get(t="one") == (200, "4a")
        await polling.post("4b")
        assert await polling.get(t="one") == (200, "4a")
        assert await polling.get(t="two") == (200, "4b")
        await polling.post("4c")
        assert await polling.get(t="one") == (200, "4c")

    async def test_a_repeated_post_is_handled_once(self, serve):
        polling = await (await serve(echo())).polling()
        for body, timestamp in (("4a", "one"), ("4a", "one"), ("4b", "one"), ("4b", "two"), ("4b", "two")):
            assert await polling.post(body, t=timestamp) == (200, "ok")
        assert await polling.get() == (200, "4a\x1e4b\x1e4b")

    async def test_without_a_timestamp_each_request_is_a_new_one(self, serve):
        polling = await (await serve(echo())).polling()
        for _ in range(2):
            assert await polling.post("4a") == (200, "ok")
            assert await polling.post("4a") == (200, "ok")
            assert await polling.get() == (200, "4a\x1e4a")

    async def test_a_second_poll_ends_the_session(self, serve):
        polling = await (await serve(echo())).polling()
        first = asyncio.create_task(polling.get())
        await eventually(lambda: polling.site.engine.sockets[polling.sid].transport.waiting)
        assert (await polling.get())[0] == 400
        assert await first == (200, "1")
        assert (await polling.get())[0] == 400

    async def test_a_cancelled_poll_ends_the_session(self, serve):
        site = await serve(echo())
        polling = await site.polling()
        poll = asyncio.create_task(polling.get())
        await eventually(lambda: site.engine.sockets[polling.sid].transport.waiting)
        poll.cancel()
        await site.sessions_become(0)
        assert (await polling.get())[0] == 400

    async def test_a_second_post_ends_the_session(self, serve):
        server, go_on = EngineServer(), asyncio.Event()

        @server.on("message")
        async def message(sid: str, data: str) -> None:
            await go_on.wait()

        polling = await (await serve(server)).polling()
        first = asyncio.create_task(polling.post("4a"))
        await eventually(lambda: server.sockets[polling.sid].posting)
        assert (await polling.post("4b"))[0] == 400
        go_on.set()
        await first
        assert (await polling.get())[0] == 400

    async def test_binary_is_refused_if_switched_off(self, serve):
        site = await serve(echo(binary=False))
        websocket = await site.websocket()
        await websocket.send(b"\x01")
        assert await websocket.closed() == 1003
        assert (await (await site.polling()).post("bAQID"))[0] == 400
