"""Servers as they really run: processes of `manage.py serve`, each installation with data of its own."""

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import httpx
import psycopg
import redis
from psycopg import sql

from tests.harness.environment import ROOT, maintenance
from tests.harness.ports import free_port

START_SECONDS = 120
STOP_SECONDS = 60
COMMAND_SECONDS = 300


@dataclass(frozen=True)
class Installation:
    """One place where the product is installed: its settings, by the environment alone."""

    directory: Path
    environment: dict[str, str] = field(default_factory=dict)

    def settings(self) -> dict[str, str]:
        """The whole environment of its processes; nothing of the surrounding settings gets in."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        own = {
            "DATA_DIR": str(self.directory),
            "DATABASE_URL": f"sqlite:///{self.directory / 'stoory.sqlite3'}",
            "REDIS_URL": "",
            "RATE_LIMITS": "off",
            "DRAIN_SECONDS": "0.2",
            "PYTHONUNBUFFERED": "1",
        }
        return kept | own | self.environment

    def manage(self, *arguments: str) -> str:
        """Run a management command; answers what it wrote. Raises if it fails."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=self.settings(), capture_output=True, text=True, check=False, timeout=COMMAND_SECONDS
        )
        assert done.returncode == 0, f"{' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def shell(self, code: str) -> str:
        """Run Python in `manage.py shell`; answers what it printed."""
        return self.manage("shell", "--no-imports", "--command", code)

    @contextmanager
    def serving(self, *, workers: int = 1, port: int | None = None) -> Iterator["RunningServer"]:
        """A server, ready, which is stopped at the end."""
        server = RunningServer(self, port or free_port(), workers)
        try:
            yield server.start()
        finally:
            server.stop()


class RunningServer:
    """A `manage.py serve` process with its workers. It can be started again, on the same port, when it has ended."""

    def __init__(self, installation: Installation, port: int, workers: int = 1) -> None:
        self.installation, self.port, self.workers = installation, port, workers
        self.url = f"http://127.0.0.1:{port}"
        self._log = installation.directory / f"server-{port}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        """Start it, and wait until it is ready."""
        command = [sys.executable, "manage.py", "serve", "--port", str(self.port), "--workers", str(self.workers)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.installation.settings(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._wait_until_ready()
        return self

    def _wait_until_ready(self) -> None:
        give_up = time.monotonic() + START_SECONDS
        while not self._is_ready():
            if self._process.poll() is not None or time.monotonic() > give_up:
                self.kill()
                raise AssertionError(f"The server did not start:\n{self.log()}")
            time.sleep(0.05)

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", timeout=START_SECONDS, verify=False).status_code == 200
        except httpx.TransportError:
            return False

    def log(self) -> str:
        """All that it has written so far."""
        return self._log.read_text(errors="replace")

    def stop(self) -> int | None:
        """Ask it to end (SIGTERM), and wait; answers its exit code, None where it was not running."""
        if self._process is None:
            return None
        self._process.terminate()
        try:
            return self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"The server did not stop:\n{self.log()}") from None
        finally:
            self.kill()

    def kill(self) -> None:
        """End it and its workers without a word (SIGKILL)."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(STOP_SECONDS)
        self._process = None


@contextmanager
def embedded(directory: Path, **environment: str) -> Iterator[Installation]:
    """SQLite and nothing else: the default."""
    installation = Installation(directory, environment)
    installation.manage("migrate", "--verbosity", "0")
    yield installation


@contextmanager
def shared(directory: Path, database: str, bus: str, **environment: str) -> Iterator[Installation]:
    """PostgreSQL and Redis, for any number of servers: a database of its own, and keys under a prefix of its own."""
    prefix = f"stoory-test-{uuid.uuid4().hex[:12]}"
    with ExitStack() as stack:
        url = stack.enter_context(_database(database, prefix.replace("-", "_")))
        stack.callback(_forget, bus, prefix)
        given = {"DATABASE_URL": url, "REDIS_URL": bus, "REDIS_PREFIX": prefix, "DATABASE_POOL": "12"}
        installation = Installation(directory, given | environment)
        installation.manage("migrate", "--verbosity", "0")
        yield installation


@contextmanager
def _database(server: str, name: str) -> Iterator[str]:
    _on_server(server, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
    finally:
        _on_server(server, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _on_server(server: str, statement: sql.Composed) -> None:
    with psycopg.connect(maintenance(server), autocommit=True) as connection:
        connection.execute(statement)


def _forget(bus: str, prefix: str) -> None:
    with redis.Redis.from_url(bus) as client:
        for key in client.scan_iter(f"{prefix}*"):
            client.delete(key)
