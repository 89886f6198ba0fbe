"""Servers that run as in production: processes of `manage.py serve`, each installation with its own data."""

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
"""Make deprecation warnings errors in processes under test, as pytest does in the tests."""


def inherited_environment() -> dict[str, str]:
    """Return the variables that a process needs from this environment, without settings of Stoory."""
    return {name: os.environ[name] for name in INHERITED if name in os.environ}


def serve(port: int, workers: int = 1) -> list[str]:
    """Return the command that runs a server."""
    return [sys.executable, "manage.py", "serve", "--port", str(port), "--workers", str(workers)]


def responds(url: str, status: int = 200) -> bool:
    """Return whether a GET receives this status within a short time."""
    try:
        return httpx.get(url, timeout=ANSWER_SECONDS, verify=False).status_code == status
    except httpx.TransportError:
        return False


@dataclass(frozen=True)
class Installation:
    """An installation of Stoory: its settings, all from the environment, and the project that it runs."""

    directory: Path
    environment: dict[str, str] = field(default_factory=dict)
    project: Path = ROOT

    def settings(self) -> dict[str, str]:
        """The whole environment of its processes, without settings from the surrounding environment."""
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
        """Run a management command and return its output. Raises `CommandFailed` if the command fails."""
        options = {"cwd": self.project, "env": self.settings(), "timeout": COMMAND_SECONDS}
        return run(sys.executable, "manage.py", *arguments, **options)

    def shell(self, code: str) -> str:
        """Run Python code in `manage.py shell` and return its output."""
        return self.manage("shell", "--no-imports", "--command", code)

    @contextmanager
    def serving(self, *, workers: int = 1, port: int | None = None) -> Iterator["RunningServer"]:
        """Start a server and stop it at the end. It uses a free port unless a port is passed."""

        def start(port: int) -> RunningServer:
            return RunningServer(self, port, workers).start()

        server = start(port) if port else on_free_port(start)
        try:
            yield server
        finally:
            server.stop()


class RunningServer:
    """A `manage.py serve` process with its workers. After it has ended, it can be restarted on the same port."""

    def __init__(self, installation: Installation, port: int, workers: int = 1) -> None:
        self.installation, self.port = installation, port
        self.url = f"http://127.0.0.1:{port}"
        log = installation.directory / f"server-{port}.log"
        options = {"environment": installation.settings(), "directory": installation.project}
        self._process = Process(*serve(port, workers), log=log, **options)

    def start(self) -> Self:
        """Start the server and wait until it is ready."""
        self._process.start().wait_until(lambda: responds(f"{self.url}/readyz"))
        return self

    def log(self) -> str:
        """Return everything it has logged so far."""
        return self._process.log.read_text(errors="replace")

    def stop(self) -> int | None:
        """Stop the server (SIGTERM) and wait; return its exit code, or None if it was not running."""
        return self._process.stop()

    def kill(self) -> None:
        """Kill the server and its workers (SIGKILL)."""
        self._process.kill()


@contextmanager
def embedded(directory: Path, *, project: Path = ROOT, **environment: str) -> Iterator[Installation]:
    """An installation with only SQLite, the default."""
    installation = Installation(directory, environment, project)
    installation.manage("migrate", "--verbosity", "0")
    yield installation


@contextmanager
def shared(directory: Path, database: str, redis: str, **environment: str) -> Iterator[Installation]:
    """An installation with PostgreSQL and Redis for any number of servers, with its own database and key prefix."""
    prefix = f"stoory-test-{uuid.uuid4().hex[:12]}"
    with ExitStack() as stack:
        url = stack.enter_context(databases.temporary(database, prefix.replace("-", "_")))
        stack.callback(databases.delete_keys, redis, prefix)
        given = {"DATABASE_URL": url, "REDIS_URL": redis, "REDIS_PREFIX": prefix, "DATABASE_POOL": "12"}
        installation = Installation(directory, given | environment)
        installation.manage("migrate", "--verbosity", "0")
        yield installation
