"""Node processes that exchange lines of JSON."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.harness.environment import need_node
from tests.harness.processes import Process


class NodeProcess:
    """A running script that reads and writes one JSON value per line."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def send(self, message: Any) -> None:
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()

    def lines(self) -> Iterator[Any]:
        """Yield the values that the script writes, until it ends. Only one thread can read them."""
        with self._process.stdout as written:
            for line in written:
                yield json.loads(line)


@contextmanager
def running(script: Path, *arguments: str, log: Path) -> Iterator[NodeProcess]:
    """Run a script for the duration of the block; its stderr is written to `log`."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    process = Process(need_node(), script, *arguments, log=log, **pipes).start()
    try:
        yield NodeProcess(process.popen)
    finally:
        process.kill()
