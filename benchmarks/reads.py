"""Reading from a short and a long history: time and rows of a history page, a conversation list, an unread count."""

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
"""That the reader takes part in, and that share the messages with the one long history."""

Reads = dict[str, dict[str, Any]]
"""By what was read: `ms`, `queries`, `rows` and `pages`."""

FILL = (ROOT / "benchmarks" / "fill.sql").read_text


def measure(environment: Environment, sizes: tuple[int, ...], rounds: int, times: int) -> list[dict[str, Any]]:
    """One row for each size: milliseconds (medians), rows and pages that PostgreSQL touched, by what was read.

    Each history is in a database of its own, and they alternate in each round.
    """
    with ExitStack() as stack:
        histories = [stack.enter_context(_history(environment.with_suffix(str(size)), size)) for size in sizes]
        found = [[read(times) for read in histories] for _ in range(rounds)]
    return [
        {"messages": size, "reads": _median(same)} for size, same in zip(sizes, zip(*found, strict=True), strict=True)
    ]


@contextmanager
def _history(environment: Environment, messages: int) -> Iterator[Callable[[int], Reads]]:
    """Reads so often from a history of so many messages, which is there as long as this is."""
    try:
        environment.create_database()
        environment.manage("migrate", "--verbosity", "0")
        found = _probe(environment, "people", str(CONVERSATIONS))
        _fill(environment, messages, found["reader"], found["long"])
        yield lambda times: _probe(environment, "read", found["reader"], found["long"], str(times))
    finally:
        environment.drop_database()


def _median(rounds: Sequence[Reads]) -> Reads:
    """Of the milliseconds; the rest is that of the first round, for each logs in once more."""
    first = rounds[0]
    return {name: first[name] | {"ms": round(median(one[name]["ms"] for one in rounds), 3)} for name in first}


def _probe(environment: Environment, *arguments: str) -> Any:
    return json.loads(run(sys.executable, "-m", "benchmarks.read_probe", *arguments, env=environment.variables()))


def _fill(environment: Environment, messages: int, reader: str, long: str) -> None:
    """Half of the messages go into one conversation, half are spread over all others."""
    values = {"messages": str(messages), "reader": reader, "long": long}
    with psycopg.connect(environment.database, autocommit=True) as connection:
        for name, value in values.items():
            connection.execute("SELECT set_config(%s, %s, false)", [f"bench.{name}", value])
        connection.execute(FILL())
        connection.execute("VACUUM ANALYZE")
