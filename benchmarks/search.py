"""Searches for people and conversations, on PostgreSQL and on SQLite."""

import json
import sys
from typing import Any

from benchmarks.environment import Environment
from tests.harness.processes import run

LONGEST_MS = 50
"""The longest time of a search."""


def measure(environment: Environment, people: int, rounds: int) -> list[dict[str, Any]]:
    """Return for each database the milliseconds of each search, in each round. A twentieth of the people talk to one
    reader."""
    databases = {"PostgreSQL": environment.with_suffix("search"), "SQLite": None}
    return [{"database": name, "rounds": _rounds(environment, own, people, rounds)} for name, own in databases.items()]


def _rounds(environment: Environment, own: Environment | None, people: int, rounds: int) -> list[dict[str, float]]:
    file = environment.home / "search.sqlite3"
    try:
        if own is not None:
            own.create_database()
        variables = own.variables() if own is not None else environment.variables(DATABASE_URL=f"sqlite:///{file}")
        run(sys.executable, "manage.py", "migrate", "--verbosity", "0", env=variables)
        return json.loads(run(sys.executable, "-m", "benchmarks.search_probe", str(people), str(rounds), env=variables))
    finally:
        if own is not None:
            own.drop_database()
        for suffix in ("", "-wal", "-shm"):
            file.with_name(file.name + suffix).unlink(missing_ok=True)
