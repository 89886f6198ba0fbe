"""Fragmented WebSocket messages (RFC 6455, 5.4): number, size, and frames between fragments."""

import asyncio

import pytest
from picows import WSMsgType

from socketio_server import Limits, SocketServer
from socketio_server.websocket_frames import MessageAssembler
from tests.socketio_server.clients import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, RawWebSocket, running
from tests.socketio_server.servers import echo, talkative

MOST, SIZE = Limits.max_fragments, Limits.max_payload


def pieces(message: bytes, number: int) -> list[bytes]:
    """Split the message into this number of non-empty fragments."""
    step = len(message) // number
    cuts = [step * index for index in range(number)]
    return [message[start:end] for start, end in zip(cuts, [*cuts[1:], None], strict=True)]


def message(size: int) -> bytes:
    """Return an event of this size in bytes."""
    return b'42["echo","%s"]' % (b"x" * (size - 13))


async def let_in(site) -> RawWebSocket:
    websocket = await RawWebSocket.dial(site)
    websocket.write(TEXT, b"40")
    assert (await websocket.next())[1].startswith(b"40{")
    return websocket


def result_of(event: bytes) -> tuple[int, bytes]:
    return TEXT, event.replace(b"echo", b"echoed")


class TestWholeMessages:
    @pytest.mark.parametrize("number", [1, 2, 3, MOST - 1, MOST])
    @pytest.mark.parametrize("size", [MOST + 20, SIZE])
    async def test_a_message_within_the_limits_arrives_completely(self, serve, number, size):
        websocket = await let_in(await serve(talkative()))
        event = message(size)
        websocket.write_message(TEXT, *pieces(event, number))
        assert await websocket.next() == result_of(event)

    async def test_each_message_is_counted_separately(self, serve):
        websocket = await let_in(await serve(talkative()))
        for number in (MOST, 1, MOST, 2):
            event = message(SIZE)
            websocket.write_message(TEXT, *pieces(event, number))
            assert await websocket.next() == result_of(event)

    async def test_the_last_fragment_may_be_empty(self, serve):
        websocket = await let_in(await serve(talkative()))
        event = message(100)
        websocket.write_message(TEXT, event, b"")
        assert await websocket.next() == result_of(event)

    async def test_a_character_can_be_split(self, serve):
        websocket = await let_in(await serve(talkative()))
        event = '42["echo","é€😀"]'.encode()
        websocket.write_message(TEXT, *pieces(event, len(event)))
        assert await websocket.next() == result_of(event)

    async def test_binary_messages_too(self, serve):
        websocket = await RawWebSocket.dial(await serve(echo()))
        data = bytes(range(256)) * 256
        websocket.write_message(BINARY, *pieces(data, MOST))
        assert await websocket.next() == (BINARY, data)

    async def test_control_frames_can_come_between_fragments(self, serve):
        websocket = await let_in(await serve(talkative()))
        event = message(SIZE)
        for number, fragment in enumerate(pieces(event, MOST)):
            websocket.write(CONTINUATION if number else TEXT, fragment, last=number == MOST - 1)
            if number < MOST - 1:
                websocket.write(PONG, b"unasked")
                websocket.write(PING, b"%d" % number)
                assert await websocket.next() == (PONG, b"%d" % number)
        assert await websocket.next() == result_of(event)

    async def test_a_close_frame_can_come_between_fragments(self):
        async with running(talkative()) as site:
            websocket = await let_in(site)
            websocket.write(TEXT, b"4", last=False)
            websocket.write(CLOSE, (1000).to_bytes(2, "big"))
            assert await websocket.closed() == 1000
            await site.sessions_become(0)

    async def test_fragments_of_two_clients_can_alternate(self, serve):
        site = await serve(talkative())
        first, second = await let_in(site), await let_in(site)
        event, other = message(SIZE), message(SIZE - 1)
        for number, (one, two) in enumerate(zip(pieces(event, MOST), pieces(other, MOST), strict=True)):
            for websocket, fragment in ((first, one), (second, two)):
                websocket.write(CONTINUATION if number else TEXT, fragment, last=number == MOST - 1)
                await asyncio.sleep(0)
        assert await first.next() == result_of(event)
        assert await second.next() == result_of(other)


class TestTooLarge:
    @pytest.mark.parametrize("number", [2, 3, MOST])
    async def test_one_byte_more_closes_with_1009(self, serve, number):
        site = await serve(talkative())
        websocket = await let_in(site)
        websocket.write_message(TEXT, *pieces(message(SIZE + 1), number))
        assert await websocket.closed() == 1009
        await site.sessions_become(0)

    async def test_the_limit_applies_before_the_last_fragment(self):
        async with running(talkative()) as site:
            websocket = await RawWebSocket.dial(site)
            websocket.write(TEXT, b"4" * SIZE, last=False)
            websocket.write(CONTINUATION, b"4", last=False)
            assert await websocket.closed() == 1009

    async def test_binary_messages_too(self, serve):
        websocket = await RawWebSocket.dial(await serve(echo()))
        websocket.write_message(BINARY, *pieces(bytes(SIZE + 1), MOST))
        assert await websocket.closed() == 1009

    async def test_the_limit_is_that_of_the_server(self, serve):
        websocket = await let_in(await serve(talkative(limits=Limits(max_payload=100))))
        websocket.write_message(TEXT, *pieces(message(100), 10))
        assert await websocket.next() == result_of(message(100))
        websocket.write_message(TEXT, *pieces(message(101), 10))
        assert await websocket.closed() == 1009


async def closed_by(*fragments: bytes, kind: int = TEXT, limits: Limits | None = None, enter: bool = True) -> int:
    """Return the close code that the server sends for the fragments of an incomplete message."""
    async with running(talkative(limits=limits or Limits())) as site:
        websocket = await (let_in(site) if enter else RawWebSocket.dial(site))
        for number, fragment in enumerate(fragments):
            websocket.write(CONTINUATION if number else kind, fragment, last=False)
        code = await websocket.closed()
        await site.sessions_become(0)
        return code


class TestTooMany:
    """Over ASGI the server sees no fragments, because the WebSocket library of the web server reassembles them."""

    @pytest.mark.parametrize("enter", [True, False], ids=["let in", "before that"])
    @pytest.mark.parametrize("kind", [TEXT, BINARY], ids=["text", "binary"])
    async def test_one_more_closes_with_1008(self, kind, enter):
        assert await closed_by(*[b"x"] * (MOST + 1), kind=kind, enter=enter) == 1008

    async def test_one_more_closes_even_if_it_is_the_last(self):
        async with running(talkative()) as site:
            websocket = await let_in(site)
            websocket.write_message(TEXT, *pieces(message(SIZE), MOST + 1))
            assert await websocket.closed() == 1008

    @pytest.mark.parametrize(
        "fragments",
        [[b""], [b"x", b""], [b"x", b"", b"x"], [b"x"] * (MOST - 1) + [b""], [b""] * 1_000],
        ids=["the first", "the second", "in the middle", "at the limit", "a thousand"],
    )
    @pytest.mark.parametrize("enter", [True, False], ids=["let in", "before that"])
    async def test_an_empty_fragment_closes_with_1008(self, fragments, enter):
        assert await closed_by(*fragments, enter=enter) == 1008

    async def test_the_limit_is_that_of_the_server(self):
        limits = Limits(max_fragments=3)
        assert await closed_by(b"x", b"x", b"x", b"x", limits=limits) == 1008
        async with running(talkative(limits=limits)) as site:
            websocket = await let_in(site)
            websocket.write_message(TEXT, *pieces(message(50), 3))
            assert await websocket.next() == result_of(message(50))

    async def test_in_an_upgrade_of_a_polling_session(self):
        async with running(talkative()) as site:
            polling = await site.polling()
            websocket = await RawWebSocket.dial(site, sid=polling.sid)
            for number in range(MOST + 1):
                websocket.write(CONTINUATION if number else TEXT, b"2", last=False)
            assert await websocket.closed() == 1008


class TestOutOfPlace:
    @pytest.mark.parametrize(
        "kinds",
        [[CONTINUATION], [TEXT, TEXT], [TEXT, BINARY], [TEXT, CONTINUATION, TEXT]],
        ids=["nothing begun", "another text", "another kind", "later"],
    )
    async def test_closes_with_1002(self, serve, kinds):
        websocket = await let_in(await serve(talkative()))
        for kind in kinds:
            websocket.write(kind, b"4", last=False)
        assert await websocket.closed() == 1002

    async def test_invalid_utf8_in_the_whole_message_closes_with_1007(self, serve):
        websocket = await let_in(await serve(talkative()))
        websocket.write_message(TEXT, b"4\xe2", b"\x82", b'"')
        assert await websocket.closed() == 1007


class Watched(bytes):
    """A payload that counts how often its size is read."""

    looks = 0

    def __len__(self) -> int:
        Watched.looks += 1
        return super().__len__()


class Fragment:
    """A frame with picows's interface, which counts how often its payload is copied."""

    rsv1 = rsv2 = rsv3 = False
    copies = 0

    def __init__(self, msg_type: WSMsgType, payload: bytes, *, fin: bool) -> None:
        self.msg_type, self.fin, self._payload, self.payload_size = msg_type, fin, payload, len(payload)

    def get_payload_as_bytes(self) -> bytes:
        Fragment.copies += 1
        return Watched(self._payload)


class FakeConnection:
    """The connection of an assembler."""

    def __init__(self, fragments: int) -> None:
        self.max_message, self.max_fragments = SIZE, fragments
        self.messages: list[str | bytes] = []
        self.codes: list[int] = []

    def message_received(self, message: str | bytes) -> None:
        self.messages.append(message)

    def close(self, code: int) -> None:
        self.codes.append(code)


@pytest.mark.parametrize("number", [2, 64, 1_000, 4_000])
def test_the_work_for_a_fragment_does_not_depend_on_their_number(monkeypatch, number):
    monkeypatch.setattr(Watched, "looks", 0)
    monkeypatch.setattr(Fragment, "copies", 0)
    connection = FakeConnection(fragments=number)
    assembler = MessageAssembler(connection)
    for index in range(number):
        kind = WSMsgType.CONTINUATION if index else WSMsgType.TEXT
        assembler.on_ws_frame(None, Fragment(kind, b"x", fin=index == number - 1))
    assert connection.messages == ["x" * number]
    assert Fragment.copies == number
    assert Watched.looks <= number


def test_nothing_is_kept_of_a_rejected_message():
    connection = FakeConnection(fragments=2)
    assembler = MessageAssembler(connection)
    for index in range(1_000):
        kind = WSMsgType.CONTINUATION if index else WSMsgType.TEXT
        assembler.on_ws_frame(None, Fragment(kind, bytes(30_000), fin=False))
    assert connection.codes[0] == 1008
    assert not assembler._fragments


def test_the_limits_match_the_documents():
    assert (MOST, SIZE) == (64, 65_536)
    assert SocketServer().eio.limits == Limits()
