"""A page of another origin can read every status that a layer of the server answers by itself, in Chromium.

Add a case for each new layer that responds by itself. Without CORS headers the browser reports a lost connection.
"""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Error, Page, async_playwright

from tests.docs.pages import Pages, another_origin
from tests.harness.environment import need_chromium, need_nginx
from tests.harness.ports import free_port
from tests.harness.servers import RunningServer, embedded
from tests.proxies.test_nginx import running
from tests.web.tabs import ARGUMENTS

SOCKETS = "/socket.io/?EIO=4&transport=polling"
FETCH = """
async ({ address, method, size, headers, body }) => {
  const response = await fetch(address, { method, headers, body: size ? 'x'.repeat(size) : body });
  const text = await response.text();
  return { status: response.status, retryAfter: response.headers.get('Retry-After'), text };
}
"""


@dataclass(frozen=True)
class Case:
    """A request of the page, and the status that it must read. `size` is the length of a generated body."""

    status: int
    path: str
    method: str = "POST"
    size: int = 0
    body: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    host: str = "127.0.0.1"


JSON = {"Content-Type": "application/json"}
WRONG = '{"email": "nobody@example.com", "password": "wrong"}'
OF_DJANGO = {
    "malformed JSON": Case(400, "/api/auth/token", body="{", headers=JSON),
    "an unknown host": Case(400, "/api/auth/token", body=WRONG, headers=JSON, host="localhost"),
    "no token": Case(401, "/api/messages", body="{}", headers=JSON),
    "an unknown address": Case(404, "/api/nowhere", "GET"),
    "another method": Case(405, "/api/auth/token", "GET"),
    "a large JSON body": Case(413, "/api/auth/token", size=300_000, headers=JSON),
    "another type of content": Case(415, "/api/auth/token", body="x", headers={"Content-Type": "text/plain"}),
}
OF_THE_BODY_LIMIT = {
    "a body above the limit": Case(413, "/api/auth/token", size=3_000_000),
    "a body far above the limit": Case(413, "/api/auth/token", size=4_500_000, headers=JSON),
}
OF_THE_SOCKETS = {
    "an unknown transport": Case(400, "/socket.io/?EIO=4&transport=carrier-pigeon", "GET"),
    "an unknown session": Case(400, f"{SOCKETS}&sid=unknown", "GET"),
    "a body without a session": Case(400, f"{SOCKETS}&sid=unknown", size=300_000),
    "another protocol version": Case(400, "/socket.io/?EIO=3&transport=polling", "GET"),
}
OF_NGINX = {
    "a large header": Case(400, "/api/auth/me", "GET", headers={"Authorization": "Bearer " + "x" * 40_000}),
    "a long address": Case(400, "/api/auth/me?x=" + "x" * 40_000, "GET"),
    "a large body": Case(413, "/api/auth/token", size=13_000_000),
}
DIRECT = OF_DJANGO | OF_THE_BODY_LIMIT | OF_THE_SOCKETS


@pytest.fixture(scope="module")
def ours() -> Iterator[Pages]:
    with another_origin() as pages:
        yield pages


@pytest.fixture(scope="module")
def server(ours: Pages, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server that permits one other origin."""
    environment = {
        "SOCKET_ORIGINS": ours.url,
        "CORS_ORIGINS": ours.url,
        "ALLOWED_HOSTS": "127.0.0.1",
        "MAX_UPLOAD_MEGABYTES": "1",
        "RATE_LIMITS": "on",
        "LOGIN_FAILURES_PER_MINUTE_OF_ADDRESS": "3",
    }
    with embedded(tmp_path_factory.mktemp("server"), **environment) as installation, installation.serving() as running:
        yield running


@pytest_asyncio.fixture
async def page(ours: Pages) -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        arguments = [*ARGUMENTS, "--ignore-certificate-errors"]
        browser = await playwright.chromium.launch(executable_path=need_chromium(), args=arguments)
        page = await browser.new_page()
        await page.goto(ours.url)
        yield page
        await browser.close()


async def fetched(page: Page, origin: str, case: Case) -> dict[str, Any]:
    address = origin.replace("127.0.0.1", case.host) + case.path
    asked = {"address": address, "method": case.method, "size": case.size, "headers": case.headers, "body": case.body}
    return await page.evaluate(FETCH, asked)


async def statuses(page: Page, origin: str, cases: dict[str, Case]) -> dict[str, Any]:
    """Return the status that the page reads for each case, or the error of the browser."""
    found: dict[str, Any] = {}
    for name, case in cases.items():
        try:
            found[name] = (await fetched(page, origin, case))["status"]
        except Error as error:
            found[name] = str(error)
    return found


def expected(cases: dict[str, Case]) -> dict[str, int]:
    return {name: case.status for name, case in cases.items()}


async def test_a_page_reads_the_statuses_of_every_layer(server, page):
    assert await statuses(page, server.url, DIRECT) == expected(DIRECT)


async def test_a_page_reads_when_to_try_again(server, page):
    guess = Case(429, "/api/auth/token", body=WRONG, headers=JSON)
    for _ in range(50):
        answer = await fetched(page, server.url, guess)
        if answer["status"] == 429:
            break
    assert answer["status"] == 429
    assert int(answer["retryAfter"]) > 0


async def test_a_page_reads_the_statuses_of_nginx(server, page, tmp_path):
    program = need_nginx()
    with running(program, tmp_path, server.port) as (port, _):
        assert await statuses(page, f"https://127.0.0.1:{port}", OF_NGINX) == expected(OF_NGINX)


@pytest.mark.parametrize("upstream", ["away", "silent"])
async def test_a_page_reads_that_the_server_behind_nginx_is_away(page, tmp_path, upstream):
    program = need_nginx()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        behind = silent.getsockname()[1] if upstream == "silent" else free_port()
        with running(program, tmp_path, behind, changes={"75s": "1s"}, ready=("/metrics", 403)) as (port, _):
            for path in ("/api/auth/me", SOCKETS):
                case = Case(503, path, "GET")
                answer = await asyncio.wait_for(fetched(page, f"https://127.0.0.1:{port}", case), 60)
                assert (answer["status"], answer["retryAfter"]) == (503, "5"), answer


async def test_a_page_reads_that_its_poll_was_too_large(server, page):
    opened = await fetched(page, server.url, Case(200, SOCKETS, "GET"))
    sid = json.loads(opened["text"][1:])["sid"]
    assert (await fetched(page, server.url, Case(413, f"{SOCKETS}&sid={sid}", size=300_000)))["status"] == 413
