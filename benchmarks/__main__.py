"""Measures cases, prints their tables, and saves the results with a chart."""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import chart, decoding, reads, rest, retention, search, tables
from benchmarks.cases import FULL, LOAD_CASES, QUICK, TINY, LoadCase, Scale
from benchmarks.environment import Environment
from benchmarks.load_generator import Result, run_load
from benchmarks.machine import MissingProgram
from benchmarks.results import Results, Spread, summary
from benchmarks.targets import Target, install_dependencies, serving
from tests.harness.environment import ROOT
from tests.harness.processes import CommandFailed

DOCUMENTS = ROOT / "docs" / "benchmarks"
DATABASE = "postgres://postgres@127.0.0.1:5432/stoory_bench"
REDIS = "redis://127.0.0.1:6379/0"
SCALES = {"full": FULL, "quick": QUICK, "tiny": TINY}
CASES = {case.name: case for case in LOAD_CASES}
OTHERS = ("rest", "reads", "retention", "decoding", "search")
WITHOUT_PEOPLE = {"reads", "retention", "decoding", "search"}
"""Cases that need no conversations."""


def main() -> None:
    arguments = _arguments()
    scale = SCALES[arguments.scale]
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as home:
        environment = Environment(
            arguments.database, arguments.redis, Path(home), arguments.server_core, arguments.load_core
        )
        try:
            _measure(arguments, scale, environment)
        except (CommandFailed, MissingProgram) as error:
            sys.exit(f"{error}")


def _arguments() -> argparse.Namespace:
    names = [*CASES, *OTHERS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"{', '.join(names)} (default: all)")
    parser.add_argument(
        "--quick", dest="scale", action="store_const", const="quick", default="full", help="one short round"
    )
    parser.add_argument(
        "--tiny", dest="scale", action="store_const", const="tiny", help="only check that the responses are correct"
    )
    parser.add_argument("--only", help="targets, separated by commas: stoory, node, python-socketio, channels")
    parser.add_argument(
        "--database", default=os.environ.get("BENCH_DATABASE_URL", DATABASE), help="is dropped and created again"
    )
    parser.add_argument("--redis", default=os.environ.get("BENCH_REDIS_URL", REDIS))
    parser.add_argument("--server-core", type=int, default=0)
    parser.add_argument("--load-core", type=int, default=(os.cpu_count() or 1) - 1)
    parser.add_argument("--rounds", type=int, help="number of measurements of each target")
    parser.add_argument("--most-messages", type=int, help="leave out longer histories in `reads`")
    parser.add_argument("--out", type=Path, help="directory of results.json, results.md and chart.svg")
    arguments = parser.parse_args()
    if unknown := set(arguments.cases) - set(names):
        parser.error(f"unknown case: {', '.join(sorted(unknown))}")
    arguments.cases = [name for name in names if name in (arguments.cases or names)]
    arguments.out = arguments.out or (DOCUMENTS if arguments.scale == "full" else ROOT / "var" / "benchmarks")
    return arguments


def _measure(arguments: argparse.Namespace, scale: Scale, environment: Environment) -> None:
    results, rounds = Results(arguments.out), arguments.rounds or scale.rounds
    special: dict[str, Callable[[], dict[str, Any]]] = {
        "rest": lambda: _rest(environment, scale, rounds),
        "reads": lambda: _reads(environment, scale, rounds, arguments.most_messages),
        "retention": lambda: _retention(environment, scale, rounds),
        "decoding": lambda: _decoding(environment, scale, rounds),
        "search": lambda: _search(environment, scale, rounds),
    }
    if not WITHOUT_PEOPLE.issuperset(arguments.cases):
        _log(f"Preparing {scale.max_pairs:,} conversations …")
        environment.prepare(scale.max_pairs)
    for name in arguments.cases:
        found = (
            special[name]() if name in special else _run_case(environment, CASES[name], scale, rounds, arguments.only)
        )
        results.add(name, found)
        print(tables.case_table(found), flush=True)
    (arguments.out / "results.md").write_text(tables.document(results.content))
    (arguments.out / "chart.svg").write_text(chart.draw(results.content))


def _run_case(environment: Environment, case: LoadCase, scale: Scale, rounds: int, only: str | None) -> dict[str, Any]:
    """Measure a case. The targets alternate, so that other load on the machine affects all of them."""
    wanted = only.split(",") if only else [one.name for one in case.targets]
    chosen = [one for one in case.targets if one.name in wanted]
    install_dependencies(chosen)
    results: dict[str, list[Result]] = {one.name: [] for one in chosen}
    for number in range(rounds):
        for target in chosen:
            _log(f"{case.name}: round {number + 1} of {rounds}, {target.label} …")
            results[target.name].append(_run_once(environment, case, target, scale))
    return summary(case, results)


def _run_once(environment: Environment, case: LoadCase, target: Target, scale: Scale) -> Result:
    environment.vacuum()
    with serving(target, environment) as running:
        return run_load(target, running, environment, case.options(scale))


def _rest(environment: Environment, scale: Scale, rounds: int) -> dict[str, Any]:
    _log("rest …")
    found = [rest.measure(environment, scale.rest) for _ in range(rounds)]
    labels = {"send": "POST /api/messages", "page": "GET /api/conversations/{id}/messages"}
    requests = [
        {"label": label, **{key: vars(Spread.of([one[name][key] for one in found])) for key in found[0][name]}}
        for name, label in labels.items()
    ]
    return {"kind": "rest", "title": f"REST, one process, {rest.CONNECTIONS} connections", "requests": requests}


def _reads(environment: Environment, scale: Scale, rounds: int, most: int | None) -> dict[str, Any]:
    sizes = tuple(size for size in scale.messages if most is None or size <= most)
    _log(f"reads: {', '.join(f'{size:,}' for size in sizes)} messages …")
    return {
        "kind": "reads",
        "title": "Reads with histories of different lengths",
        "sizes": reads.measure(environment, sizes, rounds, scale.reads),
    }


def _retention(environment: Environment, scale: Scale, rounds: int) -> dict[str, Any]:
    _log(f"retention: {scale.events:,} events …")
    names = ("seconds", "batches", "longest_ms")
    found = retention.measure(environment, scale.events, rounds)
    return {
        "kind": "retention",
        "title": f"Deleting {scale.events:,} old events",
        "longest_batch_ms": retention.LONGEST_BATCH_MS,
        "databases": [
            {"database": one["database"], "threshold": one["threshold"]}
            | {name: vars(Spread.of([round_[name] for round_ in one["rounds"]])) for name in names}
            for one in found
        ],
    }


def _decoding(environment: Environment, scale: Scale, rounds: int) -> dict[str, Any]:
    _log(f"decoding: {scale.megapixels} megapixels, {scale.megabytes} MB …")
    found = decoding.measure(environment, scale.megapixels, scale.megabytes, rounds)
    return {
        "kind": "decoding",
        "title": "Decoding one file in a process of its own",
        "files": [
            {"label": one["label"]}
            | {name: vars(Spread.of([round_[name] for round_ in one["rounds"]])) for name in ("seconds", "memory_mib")}
            for one in found
        ],
    }


def _search(environment: Environment, scale: Scale, rounds: int) -> dict[str, Any]:
    _log(f"search: {scale.people:,} people …")
    found = search.measure(environment, scale.people, rounds)
    return {
        "kind": "search",
        "title": f"Searches among {scale.people:,} people and {scale.people // 20:,} conversations of one person",
        "threshold_ms": search.LONGEST_MS,
        "databases": [
            {
                "database": one["database"],
                "ms": {name: vars(Spread.of([each[name] for each in one["rounds"]])) for name in one["rounds"][0]},
            }
            for one in found
        ],
    }


def _log(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
