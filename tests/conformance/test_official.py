"""The official suites, whole, against `tests.conformance.serve`."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.conformance.clients import DIRECT, OVER_ASGI
from tests.conformance.official import ENGINE_IO, SOCKET_IO, Suite
from tests.environment import ROOT, need, need_node
from tests.servers import free_port

ATTEMPTS = 3
"""The suites' own clients have 200 ms to answer a ping, which they miss where the machine is busy with other things."""


@pytest.fixture(scope="module", params=[DIRECT, OVER_ASGI], ids=["direct", "asgi"])
def port(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    port, log = free_port(), tmp_path_factory.mktemp("conformance") / "serve.log"
    command = [sys.executable, "-m", "tests.conformance.serve", str(port), request.param]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output)
    try:
        _wait_until_it_serves(port, log)
        yield port
    finally:
        process.terminate()
        process.wait(20)
    assert "Traceback" not in log.read_text()


def _wait_until_it_serves(port: int, log: Path) -> None:
    give_up = time.monotonic() + 20
    while time.monotonic() < give_up:
        try:
            httpx.get(f"http://127.0.0.1:{port}/socket.io/")
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"It does not serve:\n{log.read_text()}")


@pytest.mark.parametrize("suite", [ENGINE_IO, SOCKET_IO], ids=lambda suite: suite.name)
def test_passes_whole(suite: Suite, port: int) -> None:
    need_node()
    need(suite.text(), f"the {suite.name} protocol's test suite cannot be fetched from github.com")
    failures = [("not run", "")]
    for _ in range(ATTEMPTS):
        if failures:
            report = suite.run(port)
            failures = [(failure["fullTitle"], failure["err"].get("message")) for failure in report["failures"]]
    assert failures == []
    assert len(report["passes"]) == suite.tests
