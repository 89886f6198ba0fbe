"""CORS headers of responses that a layer around the views makes."""

import pytest

from stoory.cross_origin import CrossOrigin

HOME = "https://app.example"


async def answered(path: str, origins: list[str], given: tuple[tuple[bytes, bytes], ...] = ()) -> dict[bytes, bytes]:
    """Return the headers of a response with these headers of its own."""
    sent = []

    async def layer(scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": 413, "headers": given})
        await send({"type": "http.response.body", "body": b""})

    async def send(message: dict) -> None:
        sent.append(message)

    headers = [(b"origin", origin.encode()) for origin in origins]
    await CrossOrigin(layer)({"type": "http", "path": path, "headers": headers}, None, send)
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    return dict(sent[0]["headers"])


@pytest.fixture(autouse=True)
def one_origin(settings):
    settings.CORS_ALLOW_ALL_ORIGINS = False
    settings.CORS_ALLOWED_ORIGINS = [HOME]


@pytest.mark.parametrize("path", ["/api/messages", "/api/auth/token", "/api/nowhere"])
async def test_a_listed_origin_can_read_the_response(path):
    headers = await answered(path, [HOME])
    assert headers[b"access-control-allow-origin"] == HOME.encode()
    assert b"Retry-After" in headers[b"access-control-expose-headers"].split(b", ")
    assert headers[b"vary"] == b"origin"


@pytest.mark.parametrize(
    ("path", "origins"),
    [
        ("/api/messages", []),
        ("/api/messages", ["https://elsewhere.example"]),
        ("/api/messages", [HOME + ".example"]),
        ("/api/messages", ["null"]),
        ("/api/messages", [HOME, HOME]),
        ("/", [HOME]),
        ("/admin/", [HOME]),
    ],
)
async def test_other_pages_cannot(path, origins):
    assert await answered(path, origins) == {}


async def test_any_origin(settings):
    settings.CORS_ALLOW_ALL_ORIGINS = True
    assert (await answered("/api/x", ["https://any.example"]))[b"access-control-allow-origin"] == b"*"


async def test_headers_of_the_view_are_kept():
    given = ((b"Access-Control-Allow-Origin", b"*"),)
    assert await answered("/api/x", [HOME], given) == dict(given)


@pytest.mark.parametrize("kind", ["websocket", "lifespan"])
async def test_other_scopes_are_passed_on(kind):
    seen = []

    async def note(scope, receive, send) -> None:
        seen.append((scope, receive, send))

    given = ({"type": kind}, object(), object())
    await CrossOrigin(note)(*given)
    assert seen == [given]
