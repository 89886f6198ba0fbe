"""The command line: measures cases, prints their tables, and keeps the results with a chart."""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import chart, reads, rest, tables
from benchmarks.cases import FULL, LOAD_CASES, QUICK, TINY, LoadCase, Scale
from benchmarks.contenders import Contender, install, serving
from benchmarks.load import Result, run_load
from benchmarks.machine import Missing
from benchmarks.results import Book, Spread, summary
from benchmarks.setting import Setting
from tests.harness.environment import ROOT
from tests.harness.processes import CommandFailed

DOCUMENTS = ROOT / "docs" / "benchmarks"
DATABASE = "postgres://postgres@127.0.0.1:5432/stoory_bench"
REDIS = "redis://127.0.0.1:6379/0"
SCALES = {"full": FULL, "quick": QUICK, "tiny": TINY}
CASES = {case.name: case for case in LOAD_CASES}
OTHERS = ("rest", "reads")


def main() -> None:
    given = _arguments()
    scale = SCALES[given.scale]
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as home:
        setting = Setting(given.database, given.redis, Path(home), given.server_core, given.load_core)
        try:
            _measure(given, scale, setting)
        except (CommandFailed, Missing) as fault:
            sys.exit(f"{fault}")


def _arguments() -> argparse.Namespace:
    names = [*CASES, *OTHERS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"{', '.join(names)}; all of them if none is given")
    parser.add_argument("--quick", dest="scale", action="store_const", const="quick", default="full", help="one round")
    parser.add_argument(
        "--tiny", dest="scale", action="store_const", const="tiny", help="only whether answers are right"
    )
    parser.add_argument("--only", help="contenders, with commas: stoory, node, python-socketio, channels")
    parser.add_argument(
        "--database", default=os.environ.get("BENCH_DATABASE_URL", DATABASE), help="dropped and made anew"
    )
    parser.add_argument("--redis", default=os.environ.get("BENCH_REDIS_URL", REDIS))
    parser.add_argument("--server-core", type=int, default=0)
    parser.add_argument("--load-core", type=int, default=(os.cpu_count() or 1) - 1)
    parser.add_argument("--rounds", type=int, help="how often each contender has its turn")
    parser.add_argument("--most-messages", type=int, help="leave out longer histories in `reads`")
    parser.add_argument("--out", type=Path, help="where results.json, results.md and chart.svg go")
    given = parser.parse_args()
    if unknown := set(given.cases) - set(names):
        parser.error(f"there is no case {', '.join(sorted(unknown))}")
    given.cases = [name for name in names if name in (given.cases or names)]
    given.out = given.out or (DOCUMENTS if given.scale == "full" else ROOT / "var" / "benchmarks")
    return given


def _measure(given: argparse.Namespace, scale: Scale, setting: Setting) -> None:
    book, rounds = Book(given.out), given.rounds or scale.rounds
    special: dict[str, Callable[[], dict[str, Any]]] = {
        "rest": lambda: _rest(setting, scale, rounds),
        "reads": lambda: _reads(setting, scale, rounds, given.most_messages),
    }
    if given.cases != ["reads"]:
        _say(f"Preparing {scale.most_pairs:,} conversations …")
        setting.prepare(scale.most_pairs)
    for name in given.cases:
        found = special[name]() if name in special else _compare(setting, CASES[name], scale, rounds, given.only)
        book.add(name, found)
        print(tables.case_table(found), flush=True)
    (given.out / "results.md").write_text(tables.document(book.content))
    (given.out / "chart.svg").write_text(chart.draw(book.content))


def _compare(setting: Setting, case: LoadCase, scale: Scale, rounds: int, only: str | None) -> dict[str, Any]:
    """The contenders take turns, so that what else the machine does meets all of them."""
    wanted = only.split(",") if only else [one.name for one in case.contenders]
    taking_part = [one for one in case.contenders if one.name in wanted]
    install(taking_part)
    results: dict[str, list[Result]] = {one.name: [] for one in taking_part}
    for number in range(rounds):
        for contender in taking_part:
            _say(f"{case.name}: round {number + 1} of {rounds}, {contender.label} …")
            results[contender.name].append(_turn(setting, case, contender, scale))
    return summary(case, results)


def _turn(setting: Setting, case: LoadCase, contender: Contender, scale: Scale) -> Result:
    setting.tidy()
    with serving(contender, setting) as running:
        return run_load(contender, running, setting, case.options(scale))


def _rest(setting: Setting, scale: Scale, rounds: int) -> dict[str, Any]:
    _say("rest …")
    found = [rest.measure(setting, scale.rest) for _ in range(rounds)]
    labels = {"send": "POST /api/messages", "page": "GET /api/conversations/{id}/messages"}
    requests = [
        {"label": label, **{key: vars(Spread.of([one[name][key] for one in found])) for key in found[0][name]}}
        for name, label in labels.items()
    ]
    return {"kind": "rest", "title": f"REST, one process, {rest.CONNECTIONS} connections", "requests": requests}


def _reads(setting: Setting, scale: Scale, rounds: int, most: int | None) -> dict[str, Any]:
    sizes = tuple(size for size in scale.messages if most is None or size <= most)
    _say(f"reads: {', '.join(f'{size:,}' for size in sizes)} messages …")
    return {
        "kind": "reads",
        "title": "Reads at growing histories",
        "sizes": reads.measure(setting, sizes, rounds, scale.reads),
    }


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
