"""A server with SQLite, and a user."""

from collections.abc import Iterator

import pytest

from tests.harness.people import Person, newcomer
from tests.harness.servers import RunningServer, embedded

STALL_SECONDS = 3


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    directory = tmp_path_factory.mktemp("site")
    with (
        embedded(directory, TRANSFER_STALL_SECONDS=str(STALL_SECONDS)) as installation,
        installation.serving() as server,
    ):
        yield server


@pytest.fixture
def owner(site: RunningServer) -> Person:
    return Person.authenticates(site.url, "register", newcomer("brand_owner"))
