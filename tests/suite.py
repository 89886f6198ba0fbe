"""`python -m tests.suite TARGET` runs the tests of `make quick`, `make check` or `make integration` in parallel.

Each target is a list of stages, and each stage is a run of pytest. Additional arguments are passed to pytest in every
stage. `tests.harness.environment` finds PostgreSQL and Redis. If they do not respond, the run skips the stage that
needs them and says so; with `CI` set it fails.

`python -m tests.suite total` prints one line in pytest's form for all targets that ran last.
"""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from tests.harness.environment import LEFT_OUT, ROOT, postgresql, redis_url

STATE = ROOT / ".pytest_cache" / "suite.json"
"""The results of the last run of each target: `{target: {"seconds": 12.3, "counts": {"passed": 7}}}`."""

GIVEN = ("DATABASE_URL", "REDIS_URL")
"""Variables that would change the settings. The tests receive them under other names, such as `TEST_DATABASE_URL`."""

OF_MAKE = {"MAKEFLAGS", "MAKELEVEL", "MFLAGS"}
"""With these variables, a `make` that a test runs would act as a sub-make of the `make` that runs the tests."""

NOTHING_COLLECTED = 5
"""The exit code of pytest if no test was selected."""

UNIT = ("tests/unit", "tests/unit/conversations/flows")
IN_PROCESS = ("tests/library", "tests/contract", "tests/api", "tests/apps")
"""Tests that call the product inside their own process, most of them with a database."""
WITH_DATABASE = ("tests/contract", "tests/api", "tests/apps")
WALK = "tests/web/test_walk.py"
"""The test that walks through the pages in a browser."""


@dataclass(frozen=True)
class Stage:
    title: str
    options: tuple[str, ...]
    on_services: bool = False
    workers: str = "auto"


@dataclass(frozen=True)
class Target:
    """`usually` is the duration on two cores; `rest` says what other targets contain."""

    about: str
    usually: str
    stages: tuple[Stage, ...]
    rest: str = ""


def _elsewhere() -> tuple[str, ...]:
    """Return the paths that `make check` does not run, so that no test is forgotten."""
    folders = sorted(path.parent for path in (ROOT / "tests").glob("*/__init__.py"))
    names = (path.relative_to(ROOT).as_posix() for path in folders)
    return (*(name for name in names if name not in {*UNIT, *IN_PROCESS}), f"--ignore={WALK}")


NOT_ALONE = ("-m", "not alone")
TARGETS = {
    "quick": Target(
        about="unit tests, which need no database",
        usually="a minute",
        stages=(Stage("Unit tests", (*UNIT, *NOT_ALONE)),),
        rest="`make check` has the tests with a database.",
    ),
    "check": Target(
        about="unit, API and contract tests on SQLite, tests with a database again on PostgreSQL and Redis, and one "
        "walk through the pages in a browser",
        usually="10 minutes",
        stages=(
            Stage("On SQLite and in memory", (*UNIT, *IN_PROCESS, WALK, *NOT_ALONE)),
            Stage("On PostgreSQL and Redis", (*WITH_DATABASE, "--with-database-only", *NOT_ALONE), on_services=True),
        ),
        rest="`make integration` has the rest: server processes, browsers, proxies, documents, faults, benchmarks.",
    ),
    "integration": Target(
        about="server processes, browsers, proxies, documents, faults and benchmarks",
        usually="25 minutes",
        stages=(
            Stage("Server processes and browsers", (*_elsewhere(), *NOT_ALONE)),
            Stage("Tests that measure or fill the machine, one at a time", ("-m", "alone"), workers="1"),
        ),
    ),
}


def run(name: str, *options: str) -> int:
    """Run a target and save its results. Return 0 if every test passed."""
    target, state = TARGETS[name], _state()
    last = f"Last time here: {_duration(state[name]['seconds'])}" if name in state else "Not run here before"
    usually = "" if name in state else f"; about {target.usually} on two cores"
    _say(f"Tests: {target.about}.\n{last}{usually}.")
    began, counts, failed = time.monotonic(), Counter[str](), 0
    for stage in target.stages:
        failed |= _run_stage(stage, options, counts)
    seconds = time.monotonic() - began
    _keep(state | {name: {"seconds": round(seconds, 2), "counts": counts, "failed": failed}})
    _say(target.rest)
    _say(_closing_line(counts, seconds))
    return failed


def _run_stage(stage: Stage, options: tuple[str, ...], counts: Counter[str]) -> int:
    _say(f"\n=== {stage.title} ===")
    environment = _environment(stage)
    if environment is None:
        _say(f"{LEFT_OUT}PostgreSQL or Redis does not respond")
        return int(os.environ.get("CI", "").lower() in {"1", "true", "yes"})
    with TemporaryDirectory() as folder:
        file = Path(folder) / "counts.json"
        plugins = ("-p", "tests.progress", "-n", stage.workers, "--dist", "worksteal", "--durations", "10")
        command = [sys.executable, "-m", "pytest", *stage.options, *plugins, "--counts", str(file), *options]
        code = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
        if file.exists():
            counts.update(json.loads(file.read_text()))
    return int(code not in {0, NOTHING_COLLECTED})


def _environment(stage: Stage) -> dict[str, str] | None:
    """Return the variables of a stage, or None if a required service is missing."""
    kept = {name: value for name, value in os.environ.items() if name not in {*GIVEN, *OF_MAKE}}
    kept |= {f"TEST_{name}": os.environ[name] for name in GIVEN if name in os.environ}
    if not stage.on_services:
        return kept
    database, redis = postgresql(), redis_url()
    if not (database and redis):
        return None
    return kept | {"DATABASE_URL": urlsplit(database)._replace(path="/stoory").geturl(), "REDIS_URL": redis}


def total() -> int:
    """Print the results of all targets that ran last, in one line; return 1 if any target failed."""
    state = [one for name, one in _state().items() if name != "quick"]
    counts = sum((Counter(one["counts"]) for one in state), Counter())
    _say(_closing_line(counts, sum(one["seconds"] for one in state)))
    return int(any(one["failed"] for one in state) or not state)


def _closing_line(counts: Counter[str], seconds: float) -> str:
    """Return a line in pytest's form: `==== 7 passed, 2 skipped in 65.20s (0:01:05) ====`."""
    parts = ", ".join(f"{counts[name]} {name}" for name in ("failed", "passed", "skipped", "error") if counts[name])
    minutes, rest = divmod(int(seconds), 60)
    line = f" {parts or 'no tests ran'} in {seconds:.2f}s ({minutes // 60}:{minutes % 60:02}:{rest:02}) "
    return line.center(100, "=")


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _state() -> dict[str, dict]:
    try:
        return json.loads(STATE.read_text())
    except (OSError, ValueError):
        return {}


def _keep(state: dict[str, dict]) -> None:
    STATE.parent.mkdir(exist_ok=True)
    STATE.write_text(json.dumps(state))


def _say(text: str) -> None:
    if text:
        print(text, flush=True)  # noqa: T201


def main(arguments: list[str]) -> int:
    if arguments == ["total"]:
        return total()
    if not arguments or arguments[0] not in TARGETS:
        _say(f"usage: python -m tests.suite {{{','.join(TARGETS)},total}} [options of pytest]")
        return 2
    return run(*arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
