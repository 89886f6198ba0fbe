"""The two ways in which the product is run, each with its servers running."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.harness.environment import need_postgresql_and_redis
from tests.harness.servers import Installation, RunningServer, embedded, shared

AT_ONCE = 60
"""Pairs of people made by one command."""


@dataclass
class Deployment:
    """An installation, its servers, and people who have not done anything yet."""

    installation: Installation
    servers: list[RunningServer]
    _pairs: list[list[dict[str, str]]] = field(default_factory=list, repr=False)

    @property
    def first(self) -> RunningServer:
        return self.servers[0]

    @property
    def last(self) -> RunningServer:
        """Another process than the first, where there is one."""
        return self.servers[-1]

    def pair(self) -> list[dict[str, str]]:
        """Two new people, a brand owner and an influencer."""
        if not self._pairs:
            code = f"from tests.acceptance import making; print(json.dumps(making.make_pairs({AT_ONCE})))"
            self._pairs = json.loads(self.installation.shell(f"import json; {code}"))
        return self._pairs.pop()

    @contextmanager
    def last_killed(self) -> Iterator[None]:
        """The last server is killed, and there again after the block."""
        self.last.kill()
        try:
            yield
        finally:
            self.last.start()


@contextmanager
def embedded_deployment(directory: Path, **environment: str) -> Iterator[Deployment]:
    """One process, SQLite, everything in memory."""
    with embedded(directory, **environment) as installation, installation.serving() as server:
        yield Deployment(installation, [server])
        check_log(server)


@contextmanager
def shared_deployment(directory: Path, **environment: str) -> Iterator[Deployment]:
    """Two processes on two ports, PostgreSQL and Redis between them."""
    database, bus = need_postgresql_and_redis()
    with ExitStack() as stack:
        installation = stack.enter_context(shared(directory, database, bus, **environment))
        servers = [stack.enter_context(installation.serving()) for _ in range(2)]
        yield Deployment(installation, servers)
        for server in servers:
            check_log(server)


def check_log(server: RunningServer) -> None:
    """A server that served only what these tests asked of it has nothing to complain about."""
    server.stop()
    complaints = [line for line in server.log().splitlines() if "Traceback" in line or "error" in line.lower()]
    assert not complaints, f"{complaints}\n{server.log()}"
