"""The development server, run in a copy of the project whose code changes while it runs."""

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from stoory.management.commands.runserver import Command
from tests.harness.environment import ROOT
from tests.harness.processes import COMMAND_SECONDS, START_SECONDS, Process, on_free_port, run
from tests.harness.servers import NOTHING_DEPRECATED, responds
from tests.packages import PACKAGES

PARTS = (*PACKAGES, "templates")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for part in PARTS:
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "static").mkdir()
    shutil.copy(ROOT / "manage.py", tmp_path)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


@contextmanager
def running(project: Path, *options: str) -> Iterator[tuple[str, Process]]:
    """Run the development server; yield its address and its process when it responds."""
    environment = {"PATH": os.environ["PATH"], "DATA_DIR": str(project / "var")} | NOTHING_DEPRECATED
    manage = [sys.executable, "manage.py"]
    run(*manage, "migrate", "--verbosity", "0", cwd=project, env=environment, timeout=COMMAND_SECONDS)

    def start(port: int) -> tuple[str, Process]:
        url = f"http://127.0.0.1:{port}"
        # A shell's background processes ignore Ctrl-C, and every process that they start would ignore it too.
        command = ["env", "--default-signal=INT", *manage, "runserver", str(port), *options]
        server = Process(*command, log=project / "log", environment=environment, directory=project)
        return url, server.start().wait_until(lambda: responds(f"{url}/healthz"))

    url, server = on_free_port(start)
    try:
        yield url, server
    finally:
        server.kill()


def answers(url: str, wanted: Callable[[httpx.Response], bool], *, within: float = START_SECONDS) -> bool:
    """Wait for a response that meets this condition."""
    give_up = time.monotonic() + within
    while time.monotonic() < give_up:
        try:
            if wanted(httpx.get(url, timeout=START_SECONDS, verify=False)):
                return True
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    return False


def has_status(status: str) -> Callable[[httpx.Response], bool]:
    return lambda answer: answer.json()["status"] == status


def test_runserver_serves_http_and_socket_io_and_restarts_on_changes(project):
    with running(project) as (url, _):
        assert answers(f"{url}/healthz", has_status("ok"))
        assert answers(f"{url}/socket.io/?EIO=4&transport=polling", lambda answer: answer.text.startswith('0{"sid"'))
        code = project / "stoory/health.py"
        code.write_text(code.read_text().replace('"status": "ok"', '"status": "changed"'))
        for _ in range(12):
            if answers(f"{url}/healthz", has_status("changed"), within=START_SECONDS / 12):
                return
            code.touch()  # the first scan of the files ran after the change
        raise AssertionError((project / "log").read_text())


@pytest.mark.parametrize("options", [[], ["--noreload"]], ids=["reloading", "not reloading"])
def test_runserver_ends_quietly_when_interrupted(project, options):
    with running(project, *options) as (_, server):
        os.killpg(server.pid, signal.SIGINT)
        assert server.wait(COMMAND_SECONDS) == 0
        assert "Traceback" not in (project / "log").read_text()


def test_the_default_port_is_that_of_the_guide():
    assert Command.default_port == "3000"
