"""A pytest plugin for `tests.suite`: prints the running tests every few seconds and failures at once, and writes the
counts to a file.

It replaces pytest's dots. It runs in the process that distributes tests to the pytest-xdist workers. pytest does not
capture the output of that process, so the plugin can print at any time.
"""

import json
import threading
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

EVERY_SECONDS = 15
LONGEST_NAME = 90
COUNTED = ("passed", "failed", "error", "skipped", "xfailed", "xpassed")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--counts", metavar="FILE", help="write how many tests passed, failed and were skipped as JSON")


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Progress(config), "progress")


@pytest.hookimpl(wrapper=True)
def pytest_report_teststatus() -> Generator[None, tuple[str, str, Any], tuple[str, str, Any]]:
    """Return no letters, because the plugin prints lines instead."""
    category, _, word = yield
    return category, "", word


class Progress:
    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._began = time.monotonic()
        self._total = self._finished = self._failed = 0
        self._running: dict[str, float] = {}
        self._is_over = threading.Event()
        self._printer = threading.Thread(target=self._print_now_and_then, name="progress", daemon=True)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        self._printer.start()

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        self._total = len(ids)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._running[nodeid] = time.monotonic()

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        self._running.pop(nodeid, None)
        self._finished += 1

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._failed += 1
            self._print(f"FAILED {report.nodeid} ({report.when})")

    def pytest_sessionfinish(self) -> None:
        self._is_over.set()

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if file := self._config.getoption("--counts"):
            stats = {name: len(terminalreporter.stats.get(name, ())) for name in COUNTED}
            Path(file).write_text(json.dumps(stats), encoding="utf-8")

    def _print_now_and_then(self) -> None:
        while not self._is_over.wait(EVERY_SECONDS):
            self._print(self._state())

    def _state(self) -> str:
        if not self._total:
            return "collecting tests"
        failed = f", {self._failed} failed" if self._failed else ""
        running = ", ".join(_short(name) for name in list(self._running))
        return f"{self._finished:,} of {self._total:,}{failed}; running {running or 'nothing'}"

    def _print(self, text: str) -> None:
        seconds = time.monotonic() - self._began
        terminal = self._config.get_terminal_writer()
        terminal.line(f"[{seconds:4.0f} s] {text}")
        terminal.flush()


def _short(nodeid: str) -> str:
    return nodeid if len(nodeid) <= LONGEST_NAME else f"{nodeid[: LONGEST_NAME - 1]}…"
