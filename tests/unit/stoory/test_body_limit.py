"""The size of request bodies is limited before the server stores them."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from foundation.errors import DomainError, PayloadTooLarge, TokenMissing
from stoory import body_limit
from stoory.body_limit import LINGER_FACTOR, BodyLimit

LIMIT = 100_000
CHUNK = 10_000


class Exchanged:
    """One request: its chunks are created on demand, and its response is recorded."""

    def __init__(self, size: int, *, headers: dict[str, str] | None = None) -> None:
        self.scope = {
            "type": "http",
            "headers": [(name.encode(), value.encode()) for name, value in (headers or {}).items()],
        }
        self.taken = self.taken_at_response = 0
        self.answer: list[dict] = []
        self._size = size

    async def receive(self) -> dict:
        part = b"x" * min(CHUNK, self._size - self.taken)
        self.taken += len(part)
        return {"type": "http.request", "body": part, "more_body": self.taken < self._size}

    async def send(self, message: dict) -> None:
        if not self.answer:
            self.taken_at_response = self.taken
        self.answer.append(message)

    @property
    def status(self) -> int:
        return self.answer[0]["status"]

    def header(self, name: str) -> str:
        return dict(self.answer[0]["headers"])[name.encode()].decode()


async def _parts(receive) -> AsyncIterator[bytes]:
    more = True
    while more:
        message = await receive()
        more = message["more_body"]
        yield message["body"]


async def application(scope, receive, send) -> None:
    """Respond with the length of the body."""
    size = sum([len(part) async for part in _parts(receive)])
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(size).encode()})


async def exchanged(size: int, **more) -> Exchanged:
    exchange = Exchanged(size, **more)
    await BodyLimit(application, limit=LIMIT)(exchange.scope, exchange.receive, exchange.send)
    return exchange


@pytest.mark.parametrize("size", [0, 1, LIMIT - 1, LIMIT])
async def test_a_body_within_the_limit_passes(size):
    exchange = await exchanged(size)
    assert (exchange.status, exchange.answer[1]["body"]) == (200, str(size).encode())


async def test_a_chunked_body_is_refused_at_the_limit():
    exchange = await exchanged(50_000_000)
    assert (exchange.status, exchange.taken_at_response) == (413, LIMIT + CHUNK)


async def test_a_declared_length_above_the_limit_is_refused_unread():
    exchange = await exchanged(50_000_000, headers={"content-length": "50000000"})
    assert (exchange.status, exchange.taken_at_response) == (413, 0)


async def test_a_false_length_does_not_bypass_the_limit():
    exchange = await exchanged(50_000_000, headers={"content-length": "10"})
    assert (exchange.status, exchange.taken_at_response) == (413, LIMIT + CHUNK)


@pytest.mark.parametrize("size", [LIMIT + 1, 3 * LIMIT, 50_000_000])
async def test_the_rest_of_a_refused_body_is_read_within_bounds(size):
    """A browser reads no response while it sends."""
    exchange = await exchanged(size)
    assert exchange.taken == min(size, exchange.taken_at_response + LINGER_FACTOR * LIMIT)
    assert [message.get("more_body", False) for message in exchange.answer] == [False, True, False]


async def test_a_client_that_stops_sending_is_not_awaited_for_ever(monkeypatch):
    monkeypatch.setattr(body_limit, "LINGER_SECONDS", 0.01)
    exchange = Exchanged(0, headers={"content-length": "50000000"})

    async def receive_nothing() -> dict:
        return await asyncio.get_running_loop().create_future()

    await BodyLimit(application, limit=LIMIT)(exchange.scope, receive_nothing, exchange.send)
    assert exchange.answer[-1] == {"type": "http.response.body", "body": b""}


async def test_the_response_is_a_problem_document_and_closes_the_connection():
    exchange = await exchanged(LIMIT + 1)
    body = exchange.answer[1]["body"]
    problem = json.loads(body)
    assert (problem["success"], problem["code"], problem["status"]) == (False, "payload_too_large", 413)
    assert problem["message"]
    assert exchange.header("content-type") == "application/problem+json"
    assert exchange.header("content-length") == str(len(body))
    assert exchange.header("connection") == "close"


async def test_other_scopes_are_passed_on():
    seen = []

    async def note(scope, receive, send) -> None:
        seen.append((scope, receive, send))

    given = ({"type": "websocket", "headers": [(b"content-length", b"50000000")]}, object(), object())
    await BodyLimit(note, limit=LIMIT)(*given)
    assert seen == [given]


class Large:
    """The requests to `/large`, with a limit of their own. `refusal` is raised for those that must be admitted."""

    limit = 3 * LIMIT

    def __init__(self, refusal: DomainError | None = None) -> None:
        self.asked: list[int] = []
        self._refusal = refusal

    def include(self, scope) -> bool:
        return scope["path"] == "/large"

    async def admit(self, scope, size: int) -> None:
        self.asked.append(size)
        if self._refusal:
            raise self._refusal


async def sent(large: Large, size: int, path: str = "/large", **headers: str) -> Exchanged:
    exchange = Exchanged(size, headers={name.replace("_", "-"): value for name, value in headers.items()})
    exchange.scope["path"] = path
    await BodyLimit(application, limit=LIMIT, large=large)(exchange.scope, exchange.receive, exchange.send)
    return exchange


async def test_large_bodies_are_admitted_before_they_are_received():
    large, size = Large(), 2 * LIMIT
    assert (await sent(large, size, content_length=str(size))).status == 200
    assert (await sent(large, size, transfer_encoding="chunked")).status == 200
    assert (await sent(large, 10, content_length="10")).status == 200
    assert large.asked == [size, 0]
    assert (await sent(large, 4 * LIMIT, content_length=str(4 * LIMIT))).status == 413
    assert (await sent(large, 4 * LIMIT, transfer_encoding="chunked")).status == 413
    assert (await sent(large, size, "/small", content_length=str(size))).status == 413


@pytest.mark.parametrize("refusal", [TokenMissing(), PayloadTooLarge("No space is left.")], ids=str)
async def test_a_large_body_that_is_not_admitted_is_not_received(refusal):
    exchange = await sent(Large(refusal), 2 * LIMIT, content_length=str(2 * LIMIT))
    assert (exchange.status, exchange.taken_at_response) == (refusal.status, 0)
    assert json.loads(exchange.answer[1]["body"])["message"] == refusal.message
