"""Reading from a short and a long history: time and rows of a history page, a conversation list, an unread count."""

import json
import sys
from typing import Any

import psycopg

from benchmarks.setting import ROOT, Setting, run

CONVERSATIONS = 1000
"""That the reader takes part in, and that share the messages with the one long history."""

FILL = (ROOT / "benchmarks" / "fill.sql").read_text


def measure(setting: Setting, sizes: tuple[int, ...], times: int) -> list[dict[str, Any]]:
    """One row for each size: milliseconds (medians), rows and pages that PostgreSQL touched, by what was read."""
    return [_at(setting, size, times) for size in sizes]


def _at(setting: Setting, messages: int, times: int) -> dict[str, Any]:
    setting.make_database()
    setting.manage("migrate", "--verbosity", "0")
    found = _probe(setting, "people", str(CONVERSATIONS))
    _fill(setting, messages, found["reader"], found["long"])
    return {"messages": messages, "reads": _probe(setting, "read", found["reader"], found["long"], str(times))}


def _probe(setting: Setting, *arguments: str) -> Any:
    command = [sys.executable, "-m", "benchmarks.probe", *arguments]
    return json.loads(run(command, cwd=ROOT, env=setting.environment()))


def _fill(setting: Setting, messages: int, reader: str, long: str) -> None:
    """Half of the messages go into one conversation, half are spread over all others."""
    values = {"messages": str(messages), "reader": reader, "long": long}
    with psycopg.connect(setting.database, autocommit=True) as connection:
        for name, value in values.items():
            connection.execute("SELECT set_config(%s, %s, false)", [f"bench.{name}", value])
        connection.execute(FILL())
        connection.execute("VACUUM ANALYZE")
