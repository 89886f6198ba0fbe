"""`python -m tests.socketio_server.official CHECKOUT` runs the official suites of both protocols against our classes.

`CHECKOUT` is a checkout of the socket.io repository, which contains the suites (`docs/engine.io-protocol/v4-test-suite`
and `docs/socket.io-protocol/v5-test-suite`). They run with each of `SERVER_OPTIONS`. The suites' own clients must
answer a ping within 200 ms, so the machine should not be busy.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.harness.processes import Process, on_free_port, run
from tests.harness.servers import responds
from tests.socketio_server.clients import SERVER_OPTIONS

NEEDS = Path(__file__).parent / "suites"
RUN_SECONDS = 120


@dataclass(frozen=True)
class Suite:
    """`tests` is the expected number of tests."""

    name: str
    path: str
    tests: int

    def run(self, checkout: Path, workplace: Path, port: int) -> dict[str, Any]:
        """Return mocha's report: `passes` and `failures`."""
        folder = workplace / self.name
        folder.mkdir(exist_ok=True)
        shutil.copy(NEEDS / "node-imports.js", folder)
        source = (checkout / self.path / "test-suite.js").read_text()
        (folder / "test-suite.js").write_text(source.replace("http://localhost:3000", f"http://127.0.0.1:{port}"))
        command = ["npx", "--no-install", "mocha", "--exit", "--reporter", "json", f"{self.name}/test-suite.js"]
        # The exit code is only the number of failures; the report has details.
        done = subprocess.run(command, cwd=workplace, capture_output=True, text=True, timeout=RUN_SECONDS, check=False)
        return json.loads(done.stdout)


SUITES = (
    Suite("engine.io", "docs/engine.io-protocol/v4-test-suite", 25),
    Suite("socket.io", "docs/socket.io-protocol/v5-test-suite", 32),
)


@contextmanager
def serving(websockets: str, log: Path) -> Iterator[int]:
    """Run `tests.socketio_server.serve` on a free port; its output is written to `log`."""

    def start(port: int) -> tuple[int, Process]:
        process = Process(sys.executable, "-m", "tests.socketio_server.serve", str(port), websockets, log=log)
        return port, process.start().wait_until(lambda: responds(f"http://127.0.0.1:{port}/socket.io/", 400))

    port, process = on_free_port(start)
    with process:
        yield port


def main(checkout: Path) -> int:
    """Run all suites and print the results; return the number of suites with failed or missing tests."""
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        workplace = Path(folder)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(NEEDS / name, workplace)
        run("npm", "ci", "--no-audit", "--no-fund", "--loglevel=error", cwd=workplace, timeout=RUN_SECONDS)
        for websockets in SERVER_OPTIONS:
            with serving(websockets, workplace / f"{websockets}.log") as port:
                failed += sum(not _passes(suite, suite.run(checkout, workplace, port), websockets) for suite in SUITES)
    return failed


def _passes(suite: Suite, report: dict[str, Any], websockets: str) -> bool:
    print(f"{suite.name} over {websockets}: {len(report['passes'])} of {suite.tests}")  # noqa: T201
    for failure in report["failures"]:
        print(f"  {failure['fullTitle']}: {failure['err'].get('message')}")  # noqa: T201
    return len(report["passes"]) == suite.tests and not report["failures"]


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
