"""Deleting old events from the logs, on PostgreSQL and on SQLite."""

import json
import sys
from typing import Any

from benchmarks.environment import Environment
from tests.harness.processes import run

THRESHOLDS = {"PostgreSQL": 60, "SQLite": 120}
"""The longest time for a million events, in seconds."""
LONGEST_BATCH_MS = 200


def measure(environment: Environment, events: int, rounds: int) -> list[dict[str, Any]]:
    """Return for each database the results of all rounds: `seconds`, `batches` and `longest_ms`. Each round begins with
    a new database."""
    databases = {"PostgreSQL": environment.with_suffix("retention"), "SQLite": None}
    return [
        {
            "database": name,
            "threshold": THRESHOLDS[name],
            "rounds": [_round(environment, own, events) for _ in range(rounds)],
        }
        for name, own in databases.items()
    ]


def _round(environment: Environment, own: Environment | None, events: int) -> dict[str, float]:
    file = environment.home / "retention.sqlite3"
    try:
        if own is not None:
            own.create_database()
        variables = own.variables() if own is not None else environment.variables(DATABASE_URL=f"sqlite:///{file}")
        run(sys.executable, "manage.py", "migrate", "--verbosity", "0", env=variables)
        return json.loads(run(sys.executable, "-m", "benchmarks.retention_probe", str(events), env=variables))
    finally:
        if own is not None:
            own.drop_database()
        for suffix in ("", "-wal", "-shm"):
            file.with_name(file.name + suffix).unlink(missing_ok=True)
