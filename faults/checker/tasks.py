"""What must hold for tasks: none is lost, none runs twice at once, and a repetition follows only from a kill."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

SUCCEEDED = "succeeded"


@dataclass(frozen=True)
class Execution:
    """One attempt. `end` is the time of the kill if its process was killed, and infinite if it never ended."""

    what: str
    pid: int
    begin: float
    end: float
    outcome: str


@dataclass(frozen=True)
class TaskHistory:
    """The transactions of the producer, the executions, the kills (process id and time), and the spans in which the
    database was away or cut off."""

    transactions: list[dict[str, Any]]
    executions: list[Execution]
    kills: list[tuple[int, float]]
    outages: list[tuple[float, float]]


def read_executions(log: Path, kills: list[tuple[int, float]]) -> list[Execution]:
    """Read the log of `faults.shell.task_load`. An attempt without an end was killed, or never ended."""
    records = [json.loads(line) for line in log.read_text().splitlines()]
    running: dict[tuple[str, int], float] = {}
    found = []
    for record in sorted(records, key=lambda one: one["at"]):
        key = record["what"], record["pid"]
        if record["event"] == "begin":
            running[key] = record["at"]
        else:
            found.append(Execution(*key, running.pop(key), record["at"], record["outcome"]))
    killed_at = dict(kills)
    for (what, pid), begin in running.items():
        found.append(Execution(what, pid, begin, killed_at.get(pid, float("inf")), "killed"))
    return sorted(found, key=lambda one: one.begin)


def check_tasks(history: TaskHistory) -> list[str]:
    """Return a text for each violation."""
    return [*_lost(history), *_simultaneous(history), *_repeated(history)]


def _by_what(executions: Iterable[Execution]) -> dict[str, list[Execution]]:
    found: dict[str, list[Execution]] = defaultdict(list)
    for one in executions:
        found[one.what].append(one)
    return found


def _lost(history: TaskHistory) -> Iterator[str]:
    done = _by_what(one for one in history.executions if one.outcome == SUCCEEDED)
    begun = {one.what for one in history.executions}
    for transaction in history.transactions:
        if transaction["outcome"] == "committed":
            yield from (f"task {one} was lost" for one in transaction["tasks"] if one not in done)
            group, stored = transaction["group"], transaction["begin"]
            if not any(one.begin >= stored for one in done[group]):
                yield f"task {group} did not run after {stored}"
        elif transaction["outcome"] == "rolled back":
            yield from (f"task {one} ran, but was rolled back" for one in transaction["tasks"] if one in begun)


def _simultaneous(history: TaskHistory) -> Iterator[str]:
    for what, executions in _by_what(history.executions).items():
        latest = 0.0
        for one in executions:
            if one.begin < latest:
                yield f"task {what} began at {one.begin}, while an attempt ran until {latest}"
            latest = max(latest, one.end)


def _repeated(history: TaskHistory) -> Iterator[str]:
    """A task that is stored once runs again after a success only if the outcome could not be stored."""
    for what, executions in _by_what(history.executions).items():
        if what.startswith("grouped"):
            continue
        for earlier, later in pairwise(executions):
            if earlier.outcome == SUCCEEDED and not _excused(history, earlier, later):
                yield f"task {what} ran again at {later.begin}, after it had succeeded at {earlier.end}"


def _excused(history: TaskHistory, earlier: Execution, later: Execution) -> bool:
    killed = any(pid == earlier.pid and earlier.begin <= at <= later.begin for pid, at in history.kills)
    return killed or any(since <= later.begin and earlier.begin <= until for since, until in history.outages)


def seconds_until_taken_again(history: TaskHistory) -> float:
    """Return the longest time from the kill of a process to the next attempt of a task that it ran, or 0."""
    longest = 0.0
    for executions in _by_what(history.executions).values():
        for earlier, later in pairwise(executions):
            if earlier.outcome == "killed":
                longest = max(longest, later.begin - earlier.end)
    return longest
