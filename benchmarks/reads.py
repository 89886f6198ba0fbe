"""Reads of a history page, the conversation list and the unread count, with short and long histories."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from statistics import median
from typing import Any

import psycopg

from benchmarks.environment import Environment
from tests.harness.environment import ROOT
from tests.harness.processes import run

CONVERSATIONS = 1000
"""The number of conversations of the reader. One conversation has half of the messages. The other conversations share
the other half."""

Reads = dict[str, dict[str, Any]]
"""The figures of each kind of read: `ms`, `queries`, `rows` and `pages`."""

FILL = (ROOT / "benchmarks" / "fill.sql").read_text


def measure(environment: Environment, sizes: tuple[int, ...], rounds: int, times: int) -> list[dict[str, Any]]:
    """Return one result for each size. For each kind of read it has the median of the milliseconds, and the queries,
    rows and pages of PostgreSQL. Each history has its own database; the histories alternate in each round."""
    with ExitStack() as stack:
        histories = [stack.enter_context(_history(environment.with_suffix(str(size)), size)) for size in sizes]
        found = [[read(times) for read in histories] for _ in range(rounds)]
    return [
        {"messages": size, "reads": _median(same)} for size, same in zip(sizes, zip(*found, strict=True), strict=True)
    ]


@contextmanager
def _history(environment: Environment, messages: int) -> Iterator[Callable[[int], Reads]]:
    """Create a history of this number of messages, and drop it after the block. Provides a function that reads from it
    a given number of times."""
    try:
        environment.create_database()
        environment.manage("migrate", "--verbosity", "0")
        found = _probe(environment, "people", str(CONVERSATIONS))
        _fill(environment, messages, found["reader"], found["long"])
        yield lambda times: _probe(environment, "read", found["reader"], found["long"], str(times))
    finally:
        environment.drop_database()


def _median(rounds: Sequence[Reads]) -> Reads:
    """Return the first round with the medians of the milliseconds. The other figures grow a little with each round,
    because each round logs in again."""
    first = rounds[0]
    return {name: first[name] | {"ms": round(median(one[name]["ms"] for one in rounds), 3)} for name in first}


def _probe(environment: Environment, *arguments: str) -> Any:
    return json.loads(run(sys.executable, "-m", "benchmarks.read_probe", *arguments, env=environment.variables()))


def _fill(environment: Environment, messages: int, reader: str, long: str) -> None:
    """Insert the messages, half of them into one conversation and the others spread over all other conversations."""
    values = {"messages": str(messages), "reader": reader, "long": long}
    with psycopg.connect(environment.database, autocommit=True) as connection:
        for name, value in values.items():
            connection.execute("SELECT set_config(%s, %s, false)", [f"bench.{name}", value])
        connection.execute(FILL())
        connection.execute("VACUUM ANALYZE")
