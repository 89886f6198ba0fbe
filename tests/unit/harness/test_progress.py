"""The output of a test run while it runs."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from tests.harness.environment import ROOT

SLOW = """
import time

def test_quick(): ...

def test_slow():
    time.sleep(1.5)

def test_bad():
    assert False
"""


def run(folder: Path, *options: str) -> str:
    """Run pytest with a progress line every fifth of a second, and return its output."""
    (folder / "test_sample.py").write_text(SLOW)
    (folder / "often.py").write_text("from tests import progress\n\nprogress.EVERY_SECONDS = 0.2\n")
    given = ["-c", "/dev/null", f"--rootdir={folder}", "-p", "no:cacheprovider", "-p", "xdist.plugin", "-p", "often"]
    command = [sys.executable, "-m", "pytest", *given, "-p", "tests.progress", "-n", "1", "test_sample.py", *options]
    environment = os.environ | {"PYTHONPATH": f"{folder}{os.pathsep}{ROOT}", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


def test_running_and_failed_tests_are_printed(tmp_path: Path) -> None:
    said = run(tmp_path)
    assert re.search(r"^\[ +\d+ s\] \d of 3(, 1 failed)?; running test_sample.py::test_slow$", said, re.MULTILINE)
    assert re.search(r"^\[ +\d+ s\] FAILED test_sample.py::test_bad \(call\)$", said, re.MULTILINE)
    assert "1 failed, 2 passed" in said


def test_the_counts_are_written(tmp_path: Path) -> None:
    run(tmp_path, "--counts", "counts.json")
    counts = json.loads((tmp_path / "counts.json").read_text())
    assert (counts["passed"], counts["failed"], counts["skipped"]) == (2, 1, 0)
