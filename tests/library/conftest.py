"""Runs the JavaScript tests of stoory-client as pytest tests, with Node's test runner."""

import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.harness.environment import ROOT, need_node

SECONDS = 120
_TEST = re.compile(r"^test\('((?:[^'\\]|\\.)+)'", re.MULTILINE)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    return ScriptFile.from_parent(parent, path=file_path) if file_path.name.endswith(".test.js") else None


class ScriptFile(pytest.File):
    def collect(self) -> Iterator[pytest.Item]:
        script = self.path.read_text(encoding="utf-8")
        names = _TEST.findall(script)
        assert len(names) == len(re.findall(r"^\s*test\(", script, re.MULTILINE)), f"{self.path}: unnamed tests"
        for name in names:
            yield ScriptTest.from_parent(self, name=name)


class ScriptTest(pytest.Item):
    def runtest(self) -> None:
        outcome = _outcomes(self.path).get(self.name)
        assert outcome is not None, "Node did not run this test."
        if outcome:
            raise ScriptFailed(outcome)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> str:
        return str(excinfo.value)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, 0, self.name


class ScriptFailed(Exception):
    """The failure that Node's test runner reports."""


@cache
def _outcomes(script: Path) -> dict[str, str]:
    """Return the failure of each test of a script, by name; an empty text if the test passed."""
    command = [need_node(), "--test", "--test-reporter=junit", str(script)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False)
    cases = ElementTree.fromstring(done.stdout).iter("testcase")
    return {case.get("name"): "\n".join(fault.text or fault.get("message", "?") for fault in case) for case in cases}
