"""Servers as they really run: processes of `manage.py serve`, each installation with data of its own."""

import os
import sys
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import httpx

from tests.harness import databases
from tests.harness.environment import ROOT
from tests.harness.processes import COMMAND_SECONDS, Process, on_free_port, run

ANSWER_SECONDS = 10
INHERITED = ("PATH", "HOME", "LANG", "TMPDIR", "PYTEST_XDIST_WORKER")
NOTHING_DEPRECATED = {"PYTHONWARNINGS": "error::DeprecationWarning,error::PendingDeprecationWarning"}
"""For processes under test: what is deprecated is an error there too, as pytest has it for the tests."""


def inherited_environment() -> dict[str, str]:
    """What a process needs of this one's environment, in which there may be settings of Stoory too."""
    return {name: os.environ[name] for name in INHERITED if name in os.environ}


def serve(port: int, workers: int = 1) -> list[str]:
    """The command that runs a server."""
    return [sys.executable, "manage.py", "serve", "--port", str(port), "--workers", str(workers)]


def responds(url: str, status: int = 200) -> bool:
    """Whether a GET is answered so, and soon."""
    try:
        return httpx.get(url, timeout=ANSWER_SECONDS, verify=False).status_code == status
    except httpx.TransportError:
        return False


@dataclass(frozen=True)
class Installation:
    """One installation of Stoory: its settings, by the environment alone, and the project that it runs."""

    directory: Path
    environment: dict[str, str] = field(default_factory=dict)
    project: Path = ROOT

    def settings(self) -> dict[str, str]:
        """The whole environment of its processes; nothing of the surrounding settings gets in."""
        own = {
            "DATA_DIR": str(self.directory),
            "DATABASE_URL": f"sqlite:///{self.directory / 'stoory.sqlite3'}",
            "REDIS_URL": "",
            "RATE_LIMITS": "off",
            "DRAIN_SECONDS": "0.2",
            "PYTHONUNBUFFERED": "1",
        }
        return inherited_environment() | NOTHING_DEPRECATED | own | self.environment

    def manage(self, *arguments: str) -> str:
        """Run a management command; returns what it wrote. Raises if it fails."""
        options = {"cwd": self.project, "env": self.settings(), "timeout": COMMAND_SECONDS}
        return run(sys.executable, "manage.py", *arguments, **options)

    def shell(self, code: str) -> str:
        """Run Python in `manage.py shell`; returns what it printed."""
        return self.manage("shell", "--no-imports", "--command", code)

    @contextmanager
    def serving(self, *, workers: int = 1, port: int | None = None) -> Iterator["RunningServer"]:
        """A server, ready, which is stopped at the end. It has a free port if none is named."""

        def start(port: int) -> RunningServer:
            return RunningServer(self, port, workers).start()

        server = start(port) if port else on_free_port(start)
        try:
            yield server
        finally:
            server.stop()


class RunningServer:
    """A `manage.py serve` process with its workers. It can be started again, on the same port, when it has ended."""

    def __init__(self, installation: Installation, port: int, workers: int = 1) -> None:
        self.installation, self.port = installation, port
        self.url = f"http://127.0.0.1:{port}"
        log = installation.directory / f"server-{port}.log"
        options = {"environment": installation.settings(), "directory": installation.project}
        self._process = Process(*serve(port, workers), log=log, **options)

    def start(self) -> Self:
        """Start it, and wait until it is ready."""
        self._process.start().wait_until(lambda: responds(f"{self.url}/readyz"))
        return self

    def log(self) -> str:
        """All that it has written so far."""
        return self._process.log.read_text(errors="replace")

    def stop(self) -> int | None:
        """Ask it to end (SIGTERM), and wait; returns its exit code, None where it was not running."""
        return self._process.stop()

    def kill(self) -> None:
        """Kill it and its workers (SIGKILL)."""
        self._process.kill()


@contextmanager
def embedded(directory: Path, *, project: Path = ROOT, **environment: str) -> Iterator[Installation]:
    """SQLite and nothing else: the default."""
    installation = Installation(directory, environment, project)
    installation.manage("migrate", "--verbosity", "0")
    yield installation


@contextmanager
def shared(directory: Path, database: str, redis: str, **environment: str) -> Iterator[Installation]:
    """PostgreSQL and Redis, for any number of servers: a database of its own, and keys under a prefix of its own."""
    prefix = f"stoory-test-{uuid.uuid4().hex[:12]}"
    with ExitStack() as stack:
        url = stack.enter_context(databases.temporary(database, prefix.replace("-", "_")))
        stack.callback(databases.delete_keys, redis, prefix)
        given = {"DATABASE_URL": url, "REDIS_URL": redis, "REDIS_PREFIX": prefix, "DATABASE_POOL": "12"}
        installation = Installation(directory, given | environment)
        installation.manage("migrate", "--verbosity", "0")
        yield installation
