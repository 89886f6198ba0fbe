"""Where measurements take place: a database of their own, its people, and the settings of production."""

import os
import secrets
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import LiteralString
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from benchmarks.machine import need
from tests.harness.environment import ROOT

LOAD_SOURCES = ROOT / "benchmarks" / "load"
PEERS = ROOT / "benchmarks" / "peers"
SUFFIX = "_bench"


class CommandFailed(Exception):
    """A program that prepares a measurement did not succeed."""


@dataclass
class Setting:
    """`database` is the address of a PostgreSQL database whose name ends with `_bench`: it is dropped and made anew."""

    database: str
    redis: str
    home: Path
    server_core: int = 0
    load_core: int = 1
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(64))

    @property
    def people(self) -> Path:
        return self.home / "people"

    @property
    def load(self) -> Path:
        return self.home / "load"

    def environment(self, **more: str) -> dict[str, str]:
        """As a server of production has it, but for the rate limits."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        return kept | {
            "DEBUG": "False",
            "SECRET_KEY": self.secret,
            "ALLOWED_HOSTS": "127.0.0.1",
            "DATA_DIR": str(self.home / "data"),
            "DATABASE_URL": self.database,
            "RATE_LIMITS": "off",
            "RATE_LIMITS_OFF_CONFIRMED": "on",
            "LOG_LEVEL": "WARNING",
            "PYTHONUNBUFFERED": "1",
            **more,
        }

    def prepare(self, pairs: int) -> None:
        """Compile the load generator; make the database, with so many pairs of people."""
        self.people.mkdir(parents=True, exist_ok=True)
        compiler = need("cc", "install a C compiler, for example with `apt install gcc`")
        run([compiler, "-O2", "-Wall", "-o", self.load, *sorted(LOAD_SOURCES.glob("*.c"))])
        self.make_database()
        self.manage("migrate", "--verbosity", "0")
        self.manage("collectstatic", "--noinput", "--verbosity", "0")
        self.manage("bench_data", "--pairs", str(pairs), "--out", str(self.people))
        self.reset_peers()

    def beside(self, mark: str) -> "Setting":
        """The same, with a database of its own beside this one."""
        name = f"{self._name().removesuffix(SUFFIX)}_{mark}{SUFFIX}"
        return replace(self, database=urlsplit(self.database)._replace(path=f"/{name}").geturl())

    def make_database(self) -> None:
        self.drop_database()
        self._on_server("CREATE DATABASE {}")

    def drop_database(self) -> None:
        self._on_server("DROP DATABASE IF EXISTS {} WITH (FORCE)")

    def _on_server(self, command: LiteralString) -> None:
        with psycopg.connect(urlsplit(self.database)._replace(path="/postgres").geturl(), autocommit=True) as server:
            server.execute(sql.SQL(command).format(sql.Identifier(self._name())))

    def _name(self) -> str:
        name = urlsplit(self.database).path.lstrip("/")
        if not name.endswith(SUFFIX):
            raise CommandFailed(f"{name} does not end with {SUFFIX}: it would be dropped, so it is not touched.")
        return name

    def reset_peers(self) -> None:
        """The tables of the peers, empty."""
        with psycopg.connect(self.database) as connection:
            connection.execute((PEERS / "schema.sql").read_text())

    def tidy(self) -> None:
        """What autovacuum does while a server of production runs; it may be off here, or come in the middle."""
        with psycopg.connect(self.database, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")

    def manage(self, *arguments: str) -> str:
        return run([sys.executable, "manage.py", *arguments], cwd=ROOT, env=self.environment())


def run(command: list[str | Path], **options: object) -> str:
    """Run a command to its end; answers what it wrote. Raises `CommandFailed`."""
    done = subprocess.run([str(one) for one in command], capture_output=True, text=True, check=False, **options)
    if done.returncode:
        raise CommandFailed(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout
