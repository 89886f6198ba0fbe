"""The client library in pages of other origins, as its README and `/developers` show: pasted into a page in a browser,
in development and production. Each page is opened twenty times, because the order of events varies."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage

from stoory.demo import PASSWORD
from tests.docs.accounts import BRAND, registered
from tests.docs.blocks import Block, blocks_of
from tests.docs.claims import runs
from tests.docs.pages import Pages, another_origin
from tests.harness import people
from tests.harness.people import Person
from tests.harness.servers import RunningServer, embedded
from tests.web.tabs import WAIT

pytestmark = pytest.mark.alone  # four simultaneous tabs fill the machine

TIMES, AT_ONCE = 20, 4
README = "static/stoory-client/README.md"
PRODUCTION = {
    "DEBUG": "off",
    "SECRET_KEY": "3vYq8nT1-kZb6WmXo0pR7sLdGfHjC2aUeI9tN4yVxQzKwJrPbM5cDhFgSlE",
    "ALLOWED_HOSTS": "127.0.0.1",
    "TLS": "off",
    "RATE_LIMITS_OFF_CONFIRMED": "on",
}
REFUSED_SOCKET = """
<script type="module">
import { io } from 'socket.io-client';
const socket = io('URL', { auth: { token: 'TOKEN' }, reconnection: false, transports: ['TRANSPORT'] });
socket.on('connect', () => console.log('connected'));
socket.on('connect_error', () => console.log('refused'));
</script>
"""


@pytest.fixture(scope="module")
def ours() -> Iterator[Pages]:
    """The origin that the server permits."""
    with another_origin() as pages:
        yield pages


@pytest.fixture(scope="module", params=["development", "production"])
def server(request: pytest.FixtureRequest, ours: Pages, tmp_path_factory) -> Iterator[RunningServer]:
    """A server that permits one other origin."""
    folder: Path = tmp_path_factory.mktemp(request.param)
    given = {"SOCKET_ORIGINS": ours.url}
    if request.param == "production":
        given |= PRODUCTION | {"STATIC_ROOT": str(folder / "static")}
    with embedded(folder, **given) as installation:
        if request.param == "production":
            installation.manage("collectstatic", "--noinput", "--verbosity", "0")
        with installation.serving() as running:
            yield running


@pytest.fixture(scope="module")
def talk(server: RunningServer) -> SimpleNamespace:
    """The account of the documents, and its conversation."""
    given = {"email": BRAND, "password": PASSWORD, "name": "Anaya", "role": "brand_owner"}
    me = Person.authenticates(server.url, "register", given)
    other = registered(server, "influencer")
    return SimpleNamespace(me=me, conversation=me.opens_chat_with(other), other=other)


@pytest_asyncio.fixture
async def browser(chromium: Browser) -> AsyncIterator[BrowserContext]:
    """A browser without any stored data."""
    context = await chromium.new_context()
    yield context
    await context.close()


@asynccontextmanager
async def opened(browser: BrowserContext, pages: Pages, body: str) -> AsyncIterator[list[str]]:
    """Open the page with this body in a new tab; yield its console messages."""
    pages.show(body)
    page, said = await browser.new_page(), []

    def heard(message: ConsoleMessage) -> None:
        said.append(message.text)

    page.on("console", heard)
    page.on("pageerror", lambda error: said.append(f"{error.name}: {error.message}"))
    await page.goto(pages.url)
    try:
        yield said
    finally:
        await page.close()


async def until(said: list[str], is_over: Callable[[], bool], *, may_fail: bool = False) -> None:
    async with asyncio.timeout(WAIT / 1000):
        while not await asyncio.to_thread(is_over):
            assert may_fail or not any("rror" in one for one in said), said
            await asyncio.sleep(0.1)


async def check_sends_hello(browser: BrowserContext, pages: Pages, talk: SimpleNamespace, body: str) -> None:
    """Each time the page is opened, it shows the conversation, and its message is stored once."""
    for _ in range(TIMES // AT_ONCE):
        before = _texts(talk)

        async def once(before: list[str] = before) -> None:
            async with opened(browser, pages, body) as said:
                await until(said, lambda: _texts(talk) == before + ["Hello!"] * AT_ONCE)

        await asyncio.gather(*(once() for _ in range(AT_ONCE)))


def _texts(talk: SimpleNamespace) -> list[str]:
    return [one["message"] for one in talk.me.messages(talk.conversation)]


def of_the_readme(heading: str, server: RunningServer) -> list[Block]:
    return [one.with_address(server.url) for one in blocks_of(README) if one.heading == heading]


@runs("/developers", "The client library", "")
async def test_the_code_of_the_page_for_developers(server, blocks, browser, ours, talk):
    (block,) = blocks
    body = block.text.replace("…", PASSWORD)
    await check_sends_hello(browser, ours, talk, body)


async def test_the_import_map_of_the_readme_with_its_first_example(server, browser, ours, talk):
    (example,) = of_the_readme("stoory-client", server)
    (page,) = of_the_readme("Without a bundler", server)
    body = page.text.partition('<script type="module">')[0] + f'<script type="module">{example.text}</script>'
    await check_sends_hello(browser, ours, talk, body)


@runs(README, "Without a bundler", "html")
async def test_the_page_of_the_readme_without_a_bundler(server, blocks, browser, ours, talk):
    (block,) = blocks
    for _ in range(TIMES):
        await asyncio.to_thread(talk.me.marks_read, talk.conversation)
        async with opened(browser, ours, block.text) as said:
            await until(said, lambda said=said: "online" in said and "0 unread" in said)
            await asyncio.to_thread(talk.other.says, talk.conversation, "Hi")
            await until(said, lambda said=said: "1 unread" in said)


async def test_an_account_without_conversations(server, browser, ours):
    new = registered(server, "brand_owner")
    (example,) = of_the_readme("stoory-client", server)
    (page,) = of_the_readme("Without a bundler", server)
    text = example.text.replace(BRAND, new.email).replace(PASSWORD, people.PASSWORD)
    script = f"{text}\nconsole.log('the end', list.getSnapshot().phase);"
    body = page.text.partition('<script type="module">')[0] + f'<script type="module">{script}</script>'
    async with opened(browser, ours, body) as said:
        await until(said, lambda: said == ["the end ready"])


async def test_an_unlisted_origin_can_load_modules_only(server, browser, talk):
    (page,) = of_the_readme("Without a bundler", server)
    with another_origin() as stranger:
        async with opened(browser, stranger, page.text) as said:
            await until(said, lambda: any("ConnectionLost" in one for one in said), may_fail=True)
            assert any("CORS policy" in one and "/api/auth/token" in one for one in said), said
            assert not any("/static/" in one for one in said), said
        script = REFUSED_SOCKET.replace("URL", server.url).replace("TOKEN", talk.me.access)
        modules = page.text.partition('<script type="module">')[0]
        for transport in ("websocket", "polling"):
            async with opened(browser, stranger, modules + script.replace("TRANSPORT", transport)) as said:
                await until(said, lambda said=said: "refused" in said, may_fail=True)
                assert "connected" not in said


@pytest.mark.parametrize(
    "path",
    [
        "stoory-client/index.js",
        "stoory-client/client.js",
        "vendor/socket.io-client/index.js",
        "vendor/socket.io-client/socket.io.min.js",
    ],
)
def test_modules_permit_any_origin_and_are_revalidated(server, path):
    answer = httpx.get(f"{server.url}/static/{path}", headers={"Origin": "https://elsewhere.example"}, timeout=60)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert "immutable" not in answer.headers["Cache-Control"]
    assert "Cross-Origin-Resource-Policy" not in answer.headers
