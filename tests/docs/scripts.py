"""Node modules made of the blocks of a document, run as a reader would run them."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.harness.environment import need_node
from tests.harness.processes import Process

PATIENCE = 120
"""Seconds for what a busy machine takes its time for."""


class Script:
    """A module that runs; what it prints can be waited for."""

    def __init__(self, process: Process) -> None:
        self._process = process

    @property
    def printed(self) -> str:
        return self._process.written()

    def prints(self, pattern: str) -> None:
        """Wait until it has printed this."""
        give_up = time.monotonic() + PATIENCE
        while True:
            is_over = not self._process.is_running or time.monotonic() > give_up
            if re.search(pattern, self.printed, re.MULTILINE):
                return
            assert not is_over, f"{pattern} is not printed, but:\n{self.printed}"
            time.sleep(0.05)

    def ends(self) -> str:
        """Wait for its end; answers all that it printed."""
        assert self._process.wait(PATIENCE) == 0, self.printed
        return self.printed


@contextmanager
def script(folder: Path, text: str) -> Iterator[Script]:
    """The module runs in a folder with `node_modules`, as long as the block."""
    (folder / "module.mjs").write_text(text)
    process = Process(need_node(), "module.mjs", log=folder / "printed.txt", directory=folder).start()
    try:
        yield Script(process)
    finally:
        process.kill()
