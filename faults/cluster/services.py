"""The harness's own PostgreSQL and Redis servers, which it stops and kills."""

import asyncio
import contextlib
import os
import shutil
import signal
import tempfile
from pathlib import Path

import psycopg

from faults.waiting import wait_until
from tests.harness import processes
from tests.harness.environment import postgresql_programs
from tests.harness.processes import CommandFailed, Process, on_free_port, start_failure

_CONFIG = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
fsync = on
synchronous_commit = on
max_connections = 200
shared_buffers = 128MB
log_min_messages = fatal
"""


async def run_command(*command: str | Path, **options: object) -> str:
    """Call `processes.run` in a thread."""
    return await asyncio.to_thread(processes.run, *command, **options)


class Postgres:
    """A PostgreSQL server. Its port is chosen at the first start. `initdb` refuses to run as root, so root runs all
    programs as the user `postgres`."""

    def __init__(self, home: Path) -> None:
        self.port = 0
        self._data = home / "postgres"
        self._log = home / "postgres.log"
        self._programs = postgresql_programs()
        self._as_user = ("runuser", "-u", "postgres", "--") if os.geteuid() == 0 else ()

    @property
    def url(self) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/stoory"

    async def start(self) -> None:
        if self.port:
            await asyncio.to_thread(self._start, self.port)
        else:
            await asyncio.to_thread(self._create)

    def _create(self) -> None:
        self._data.mkdir(mode=0o700)
        self._log.touch()
        if self._as_user:
            shutil.chown(self._data, "postgres", "postgres")
            shutil.chown(self._log, "postgres", "postgres")
        initdb = (self._programs / "initdb", "-D", self._data, "-U", "postgres", "-A", "trust", "-E", "UTF8")
        processes.run(*self._as_user, *initdb, cwd="/")
        config = self._data / "postgresql.conf"
        config.write_text(config.read_text() + _CONFIG)
        self.port = on_free_port(self._start)
        createdb = (self._programs / "createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "stoory")
        processes.run(*createdb)

    def _start(self, port: int) -> int:
        """Start the server on this port, and return the port. Raises `PortTaken`."""
        before = len(self._log.read_bytes())
        try:
            self._control("start", "-w", "-t", "30", "-l", self._log, "-o", f"-p {port}")
        except CommandFailed as error:
            written = self._log.read_bytes()[before:].decode(errors="replace")
            raise start_failure(f"{error}\n{written}") from error
        return port

    async def stop(self, mode: str = "fast") -> None:
        """Stop the server. `fast` ends the database sessions first; `immediate` is like a power cut."""
        with contextlib.suppress(CommandFailed):
            await asyncio.to_thread(self._control, "stop", "-w", "-m", mode)

    async def kill(self) -> None:
        """Send SIGKILL to the postmaster. Its children then exit."""
        pid = int((self._data / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)
        # PostgreSQL does not start again while the old process exists, even as a zombie.
        await wait_until(lambda: not _exists(pid))
        await asyncio.sleep(0.5)

    def _control(self, action: str, *arguments: str | Path) -> None:
        processes.run(*self._as_user, self._programs / "pg_ctl", action, "-D", self._data, *arguments, cwd="/")

    async def execute(self, *statements: str) -> list[tuple]:
        """Run each statement in its own transaction, over a connection without proxy. Return the rows of the last
        statement."""
        rows: list[tuple] = []
        async with await psycopg.AsyncConnection.connect(self.url, autocommit=True) as connection:
            for statement in statements:
                cursor = await connection.execute(statement)
                rows = await cursor.fetchall() if cursor.description else []
        return rows

    async def create_directory(self, directory: Path) -> None:
        """Create a directory that the server may write to."""
        directory.mkdir(mode=0o700)
        if self._as_user:
            shutil.chown(directory, "postgres", "postgres")


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


class Redis:
    """A Redis server. Its port is chosen at the first start."""

    def __init__(self, home: Path) -> None:
        self.port = 0
        self._home = home
        self._process: Process | None = None

    async def start(self) -> None:
        if self.port:
            await asyncio.to_thread(self._start, self.port)
        else:
            self.port = await asyncio.to_thread(on_free_port, self._start)

    def _start(self, port: int) -> int:
        options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        command = ["redis-server", *options, "--dir", str(self._home)]
        process = self._process = Process(*command, log=self._home / "redis.log").start()
        process.wait_until(lambda: "Ready to accept connections" in process.written())
        return port

    async def kill(self) -> None:
        if self._process is not None:
            await asyncio.to_thread(self._process.kill)

    stop = kill

    async def command(self, *words: str) -> None:
        await run_command("redis-cli", "-p", str(self.port), *words)


def create_home() -> Path:
    """Create a temporary directory that the user `postgres` can read too."""
    home = Path(tempfile.mkdtemp(prefix="stoory-faults-"))
    home.chmod(0o755)
    return home
