"""A PostgreSQL cluster and a Redis server of the harness's own, to be stopped and killed at will."""

import asyncio
import contextlib
import os
import shutil
import signal
import tempfile
from pathlib import Path

import psycopg

from faults.waiting import until
from tests.harness.environment import postgresql_programs
from tests.harness.ports import free_port

_CONFIG = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
fsync = on
synchronous_commit = on
max_connections = 200
shared_buffers = 128MB
log_min_messages = fatal
"""


class CommandFailed(Exception):
    pass


async def run(*command: str | Path, **options: object) -> str:
    """Run a command to its end; answers what it printed. Raises `CommandFailed`."""
    # Into a file: a server that the command leaves behind would keep a pipe open.
    with tempfile.TemporaryFile() as output:
        process = await asyncio.create_subprocess_exec(*map(str, command), stdout=output, stderr=output, **options)
        code = await process.wait()
        output.seek(0)
        printed = output.read().decode()
    if code:
        raise CommandFailed(f"{command} ended with {code}: {printed[-2000:]}")
    return printed


class Postgres:
    """`initdb` refuses to run as root, so root runs it as the user `postgres`."""

    def __init__(self, home: Path) -> None:
        self.port = free_port()
        self.url = f"postgres://postgres@127.0.0.1:{self.port}/stoory"
        self._data = home / "postgres"
        self._log = home / "postgres.log"
        self._programs = postgresql_programs()
        self._as = ("runuser", "-u", "postgres", "--") if os.geteuid() == 0 else ()

    async def start(self) -> None:
        if not self._data.exists():
            await self._create()
        options = f"-p {self.port}"
        await self._control("start", "-w", "-t", "30", "-l", self._log, "-o", options)

    async def _create(self) -> None:
        self._data.mkdir(mode=0o700)
        self._log.touch()
        if self._as:
            shutil.chown(self._data, "postgres", "postgres")
            shutil.chown(self._log, "postgres", "postgres")
        initdb = (self._programs / "initdb", "-D", self._data, "-U", "postgres", "-A", "trust", "-E", "UTF8")
        await run(*self._as, *initdb, cwd="/")
        config = self._data / "postgresql.conf"
        config.write_text(config.read_text() + _CONFIG)
        await self._control("start", "-w", "-l", self._log, "-o", f"-p {self.port}")
        await run(self._programs / "createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "stoory")
        await self.stop()

    async def stop(self, mode: str = "fast") -> None:
        """`fast` ends sessions in good order; `immediate` is as good as a power cut for the server."""
        with contextlib.suppress(CommandFailed):
            await self._control("stop", "-w", "-m", mode)

    async def kill(self) -> None:
        """SIGKILL to the postmaster; its children end by themselves."""
        pid = int((self._data / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)
        # Another one does not start as long as this one is there, be it only as a zombie that nobody has looked after.
        await until(lambda: not _is_there(pid))
        await asyncio.sleep(0.5)

    async def _control(self, action: str, *arguments: str | Path) -> None:
        await run(*self._as, self._programs / "pg_ctl", action, "-D", self._data, *arguments, cwd="/")

    async def execute(self, *statements: str) -> list[tuple]:
        """Run statements past all proxies, each in its own transaction; answers the rows of the last."""
        rows: list[tuple] = []
        async with await psycopg.AsyncConnection.connect(self.url, autocommit=True) as connection:
            for statement in statements:
                cursor = await connection.execute(statement)
                rows = await cursor.fetchall() if cursor.description else []
        return rows

    async def own(self, directory: Path) -> None:
        """Make a directory that the server may write to."""
        directory.mkdir(mode=0o700)
        if self._as:
            shutil.chown(directory, "postgres", "postgres")


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


class Redis:
    def __init__(self, home: Path) -> None:
        self.port = free_port()
        self._log = home / "redis.log"
        self._home = home
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process = await asyncio.create_subprocess_exec(
            "redis-server", *options, "--dir", str(self._home), "--logfile", str(self._log)
        )
        for _ in range(100):
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.close()
                return
            await asyncio.sleep(0.05)
        raise CommandFailed("redis-server does not answer")

    async def kill(self) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
            self._process = None

    stop = kill

    async def command(self, *words: str) -> None:
        await run("redis-cli", "-p", str(self.port), *words)


def make_home() -> Path:
    """A directory that the user `postgres` can reach as well."""
    home = Path(tempfile.mkdtemp(prefix="stoory-faults-"))
    home.chmod(0o755)
    return home
