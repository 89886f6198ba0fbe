"""The environment of a measurement: its database with users, the settings of production, and the load generator."""

import secrets
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from benchmarks.machine import require_program
from tests.harness import databases
from tests.harness.environment import ROOT
from tests.harness.processes import CommandFailed, run
from tests.harness.servers import inherited_environment

LOAD_SOURCES = ROOT / "benchmarks" / "load"
PEERS = ROOT / "benchmarks" / "peers"
SUFFIX = "_bench"


@dataclass
class Environment:
    """`database` is the URL of a PostgreSQL database, which is dropped and created again. Its name must end with
    `_bench`."""

    database: str
    redis: str
    home: Path
    server_core: int = 0
    load_core: int = 1
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(64))

    @property
    def data(self) -> Path:
        """The directory with the tokens and conversations of `manage.py bench_data`."""
        return self.home / "people"

    @property
    def load_generator(self) -> Path:
        """The path of the compiled load generator."""
        return self.home / "load"

    def variables(self, **more: str) -> dict[str, str]:
        """Return the environment variables of a server in production, but without rate limits."""
        return inherited_environment() | {
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
        """Compile the load generator, and create the database with this number of pairs of users."""
        self.data.mkdir(parents=True, exist_ok=True)
        compiler = require_program("cc", "install a C compiler, for example with `apt install gcc`")
        run(compiler, "-O2", "-Wall", "-o", self.load_generator, *sorted(LOAD_SOURCES.glob("*.c")))
        self.create_database()
        self.manage("migrate", "--verbosity", "0")
        self.manage("collectstatic", "--noinput", "--verbosity", "0")
        self.manage("bench_data", "--pairs", str(pairs), "--out", str(self.data))
        self.reset_peers()

    def with_suffix(self, suffix: str) -> "Environment":
        """Return the same environment with another database, whose name has this suffix."""
        name = f"{self._database_name().removesuffix(SUFFIX)}_{suffix}{SUFFIX}"
        return replace(self, database=databases.named(self.database, name))

    def create_database(self) -> None:
        self.drop_database()
        databases.create(self.database)

    def drop_database(self) -> None:
        self._database_name()
        databases.drop(self.database)

    def _database_name(self) -> str:
        name = urlsplit(self.database).path.lstrip("/")
        if not name.endswith(SUFFIX):
            raise CommandFailed(f"The database {name} would be dropped, but its name does not end with {SUFFIX}.")
        return name

    def reset_peers(self) -> None:
        """Create the empty tables of the peers."""
        with psycopg.connect(self.database) as connection:
            connection.execute((PEERS / "schema.sql").read_text())

    def vacuum(self) -> None:
        """Vacuum and analyze all tables, because autovacuum can be off here or run during a measurement."""
        with psycopg.connect(self.database, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")

    def manage(self, *arguments: str) -> str:
        return run(sys.executable, "manage.py", *arguments, env=self.variables())
