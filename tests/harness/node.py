"""Node processes that speak JSON lines."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.harness.environment import need_node
from tests.harness.processes import Process


class NodeProcess:
    """A running script: what it writes is read line by line as JSON, and what it gets is written so."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def send(self, message: Any) -> None:
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()

    def lines(self) -> Iterator[Any]:
        """What the script writes, until it ends; to be read by one thread."""
        with self._process.stdout as written:
            for line in written:
                yield json.loads(line)


@contextmanager
def running(script: Path, *arguments: str, log: Path) -> Iterator[NodeProcess]:
    """A script that runs as long as the block; what it writes to stderr goes into `log`."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    process = Process(need_node(), script, *arguments, log=log, **pipes).start()
    try:
        yield NodeProcess(process.popen)
    finally:
        process.kill()
