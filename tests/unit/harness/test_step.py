"""`scripts/step.sh` prints the progress of commands that print nothing themselves."""

import os
import re
import subprocess

import pytest

from tests.harness.environment import ROOT


def step(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROOT / "scripts" / "step.sh", "Waiting", *command],
        env=os.environ | {"STEP_SECONDS": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_long_command_is_reported_every_few_seconds() -> None:
    done = step("sh", "-c", "echo working; sleep 3.5; echo done")
    title, *lines = done.stdout.splitlines()
    assert (done.returncode, title, done.stderr) == (0, "Waiting …", "")
    assert len(lines) >= 2
    assert all(re.fullmatch(r" +\d+ s  working", line) for line in lines)


@pytest.mark.parametrize("code", [1, 3])
def test_a_failure_shows_all_output(code: int) -> None:
    done = step("sh", "-c", f"echo first; echo second >&2; exit {code}")
    assert done.returncode == code
    assert done.stderr.splitlines() == ["first", "second", f"Waiting: failed with exit code {code}"]


def test_a_missing_command_fails() -> None:
    assert step("nothing-of-this-name").returncode == 127
