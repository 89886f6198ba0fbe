"""Chromium, pages of a server that runs as in production, and newly registered users."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.harness.environment import need_chromium
from tests.harness.people import Person
from tests.harness.ports import free_port
from tests.harness.servers import RunningServer, embedded
from tests.harness.user_pool import UserPool
from tests.web.tabs import ARGUMENTS, Tab, Tabs

HERE = Path(__file__).parent
BATCH = {
    ("brand_owner", "Anaya"): 80,
    ("influencer", "Mira"): 80,
    ("influencer", "Dev"): 8,
    ("influencer", "Tara"): 8,
}
"""The users that one command creates, because most tests need these users."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run all tests in one event loop, because a browser belongs to the loop that started it."""
    for item in items:
        if HERE in item.path.parents and iscoroutinefunction(item.function):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with the demo accounts, as `make run` starts it."""
    need_chromium()
    with embedded(tmp_path_factory.mktemp("web")) as installation:
        installation.manage("demo")
        with installation.serving() as server:
            yield server


@pytest.fixture(scope="session")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with production settings and no users."""
    need_chromium()
    directory, port = tmp_path_factory.mktemp("production"), free_port()
    given = {
        "DEBUG": "off",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "ALLOWED_HOSTS": "127.0.0.1",
        "SOCKET_ORIGINS": f"http://127.0.0.1:{port}",
        "RATE_LIMITS": "on",
        "STATIC_ROOT": str(directory / "static"),
    }
    with embedded(directory, **given) as installation:
        installation.manage("collectstatic", "--noinput", "--verbosity", "0")
        with installation.serving(port=port) as server:
            yield server


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=need_chromium(), args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture(scope="session")
def user_pool(site: RunningServer) -> UserPool:
    return UserPool(site.installation, BATCH)


@pytest.fixture
def person(user_pool: UserPool, site: RunningServer) -> Callable[..., Person]:
    """Creates signed-in users: `person("influencer", "Mira")`."""

    def make(role: str = "influencer", name: str = "Mira") -> Person:
        return user_pool.new_user(role, name, site.url)

    return make


@pytest.fixture
def brand(person: Callable[..., Person]) -> Person:
    return person("brand_owner", "Anaya")


@pytest.fixture
def influencer(person: Callable[..., Person]) -> Person:
    return person("influencer", "Mira")


@dataclass(frozen=True)
class Running:
    """The site in development or in production; `opens` is like the fixture with that name."""

    server: RunningServer
    is_production: bool
    opens: Callable[..., Awaitable[Tab]]


@pytest_asyncio.fixture(loop_scope="session", params=["development", "production"])
async def running(request: pytest.FixtureRequest, chromium: Browser) -> AsyncIterator[Running]:
    """The site in development, with the demo accounts, and in production."""
    is_production = request.param == "production"
    server = request.getfixturevalue("production" if is_production else "site")
    async with opening(Tabs(chromium, server.url)) as opens:
        yield Running(server, is_production, opens)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def tabs(site: RunningServer, chromium: Browser) -> Tabs:
    return Tabs(chromium, site.url)


@pytest_asyncio.fixture(loop_scope="session")
async def opens(tabs: Tabs) -> AsyncIterator[Callable[..., Awaitable[Tab]]]:
    """Opens tabs: `await opens("/chat", brand)`, each in its own browser context. Tests in which requests fail set
    `may_fail`; the other options are options of `Tabs.take`."""
    async with opening(tabs) as open_tab:
        yield open_tab


@asynccontextmanager
async def opening(tabs: Tabs) -> AsyncIterator[Callable[..., Awaitable[Tab]]]:
    """Yield a function that opens tabs. At the end, check that no page raised an exception, logged an error, or
    violated the content security policy."""
    taken: list[Tab] = []

    async def open_tab(path: str = "/", who: Person | None = None, **options: Any) -> Tab:
        tab = await tabs.take(who, **options)
        taken.append(tab)
        await tab.goes(path)
        return tab

    yield open_tab
    assert [fault for tab in taken for fault in await tabs.give_back(tab)] == []
