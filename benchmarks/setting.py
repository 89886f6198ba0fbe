"""Where measurements take place: a database of their own, its people, and the settings of production."""

import secrets
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from benchmarks.machine import need
from tests.harness import databases
from tests.harness.environment import ROOT
from tests.harness.processes import CommandFailed, run
from tests.harness.servers import surroundings

LOAD_SOURCES = ROOT / "benchmarks" / "load"
PEERS = ROOT / "benchmarks" / "peers"
SUFFIX = "_bench"


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
        return surroundings() | {
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
        run(compiler, "-O2", "-Wall", "-o", self.load, *sorted(LOAD_SOURCES.glob("*.c")))
        self.make_database()
        self.manage("migrate", "--verbosity", "0")
        self.manage("collectstatic", "--noinput", "--verbosity", "0")
        self.manage("bench_data", "--pairs", str(pairs), "--out", str(self.people))
        self.reset_peers()

    def beside(self, mark: str) -> "Setting":
        """The same, with a database of its own beside this one."""
        name = f"{self._name().removesuffix(SUFFIX)}_{mark}{SUFFIX}"
        return replace(self, database=databases.named(self.database, name))

    def make_database(self) -> None:
        self.drop_database()
        databases.create(self.database)

    def drop_database(self) -> None:
        self._name()
        databases.drop(self.database)

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
        return run(sys.executable, "manage.py", *arguments, env=self.environment())
