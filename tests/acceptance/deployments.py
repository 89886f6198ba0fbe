"""The two ways to run Stoory, each with running servers."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.harness.environment import need_postgresql_and_redis
from tests.harness.people import Person
from tests.harness.servers import Installation, RunningServer, embedded, shared
from tests.harness.user_pool import UserPool

BRAND_OWNER, INFLUENCER = ("brand_owner", "Anaya"), ("influencer", "Mira")
BATCH = {BRAND_OWNER: 60, INFLUENCER: 60}


@dataclass
class Deployment:
    """An installation, its servers, and a pool of unused users."""

    installation: Installation
    servers: list[RunningServer]
    user_pool: UserPool

    @property
    def first(self) -> RunningServer:
        return self.servers[0]

    @property
    def last(self) -> RunningServer:
        """The last process. It differs from the first process if there are two."""
        return self.servers[-1]

    def brand_owner(self) -> Person:
        return self.user_pool.new_user(*BRAND_OWNER, self.first.url)

    def influencer(self) -> Person:
        return self.user_pool.new_user(*INFLUENCER, self.last.url)

    @contextmanager
    def last_killed(self) -> Iterator[None]:
        """Kill the last server, and restart it after the block."""
        self.last.kill()
        try:
            yield
        finally:
            self.last.start()


@contextmanager
def embedded_deployment(directory: Path, **environment: str) -> Iterator[Deployment]:
    """One process with SQLite and in-memory services."""
    with embedded(directory, **environment) as installation, installation.serving() as server:
        yield Deployment(installation, [server], UserPool(installation, BATCH))
        check_log(server)


@contextmanager
def shared_deployment(directory: Path, **environment: str) -> Iterator[Deployment]:
    """Two processes on two ports that share PostgreSQL and Redis."""
    database, bus = need_postgresql_and_redis()
    with ExitStack() as stack:
        installation = stack.enter_context(shared(directory, database, bus, **environment))
        servers = [stack.enter_context(installation.serving()) for _ in range(2)]
        yield Deployment(installation, servers, UserPool(installation, BATCH))
        for server in servers:
            check_log(server)


def check_log(server: RunningServer) -> None:
    """Check that the server logged no errors."""
    server.stop()
    complaints = [line for line in server.log().splitlines() if "Traceback" in line or "error" in line.lower()]
    assert not complaints, f"{complaints}\n{server.log()}"
