"""A small run of the fault harness. It kills real processes, PostgreSQL and Redis. No message may be lost, duplicated,
reordered or delivered to the wrong user, no task lost, and no money counted wrongly. The run has no time thresholds."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness.environment import ROOT, need_fault_harness

pytestmark = pytest.mark.alone  # the run uses all cores

SCENARIOS = (
    "killed-worker", "redis-restart", "database-restart", "repeated-sends", "ended-sessions", "random-operations",
    "killed-tasks", "money",
)  # fmt: skip
MESSAGES = 120
RUN_SECONDS = 1200
VERDICT = re.compile(r"^(?P<name>\S+) +(?P<verdict>holds|FAILS) .* (?P<acknowledged>\d+) acknowledged$", re.MULTILINE)


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The output of the harness."""
    need_fault_harness()
    out: Path = tmp_path_factory.mktemp("faults")
    sizes = ["--workers", "3", "--people", "6", "--messages", str(MESSAGES), "--rate", "60"]
    command = [sys.executable, "-m", "faults", "--busy", "--quick", *sizes, "--only", ",".join(SCENARIOS)]
    done = subprocess.run(
        [*command, "--out", str(out)], cwd=ROOT, capture_output=True, text=True, timeout=RUN_SECONDS, check=False
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_scenario_holds(output: str, name: str) -> None:
    verdicts = {found["name"]: found for found in VERDICT.finditer(output)}
    assert name in verdicts, output
    assert verdicts[name]["verdict"] == "holds", output
    assert int(verdicts[name]["acknowledged"]) > 0, output


def test_list_prints_the_scenarios() -> None:
    listed = subprocess.run(
        [sys.executable, "-m", "faults", "--list"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert set(SCENARIOS) <= {line.split()[0] for line in listed.splitlines()}


def test_an_unknown_scenario_is_named() -> None:
    command = [sys.executable, "-m", "faults", "--only", "killed-worker,nothing"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "Unknown scenario: nothing. See --list.\n")
