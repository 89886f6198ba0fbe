"""Fixtures for the programs of a reader: a server with the demo accounts, a folder, and a browser."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.docs.blocks import Block, blocks_of, blocks_of_page
from tests.docs.copies import copy_of_project
from tests.harness.environment import ROOT, need_chromium, need_node
from tests.harness.servers import RunningServer, embedded
from tests.web.tabs import ARGUMENTS


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server as `make run` starts it: in development, with the demo accounts."""
    with embedded(tmp_path_factory.mktemp("site")) as installation:
        installation.manage("demo")
        with installation.serving() as server:
            yield server


@pytest.fixture
def blocks(request: pytest.FixtureRequest) -> list[Block]:
    """The blocks that the test runs, with the address of the fixture `server`, or of `site` if the test does not use
    `server`."""
    claim = request.function.claim
    name = next((name for name in ("server", "site") if name in request.fixturenames), None)
    server = request.getfixturevalue(name) if name else None
    if claim.document.startswith("/"):
        return claim.of(blocks_of_page(claim.document, httpx.get(server.url + claim.document, timeout=60).text))
    return [one.with_address(server.url) if server else one for one in claim.of(blocks_of(claim.document))]


@pytest.fixture
def workplace(tmp_path: Path) -> Path:
    """A folder after `npm install`."""
    need_node()
    folder = tmp_path / "workplace"
    folder.mkdir()
    (folder / "node_modules").symlink_to(ROOT / "node_modules")
    return folder


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh copy of the project after setup; commands in it do not affect this project."""
    return copy_of_project(tmp_path_factory.mktemp("checkout"))


@pytest_asyncio.fixture
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=need_chromium(), args=ARGUMENTS)
        yield browser
        await browser.close()
