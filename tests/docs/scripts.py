"""Node modules made from the blocks of a document, and run as a reader would run them."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.harness.environment import need_node
from tests.harness.processes import Process

PATIENCE = 120
"""Seconds to wait on a busy machine."""


class Script:
    """A running module, whose output a test can wait for."""

    def __init__(self, process: Process) -> None:
        self._process = process

    @property
    def printed(self) -> str:
        return self._process.written()

    def prints(self, pattern: str) -> None:
        """Wait until the module has printed this pattern."""
        give_up = time.monotonic() + PATIENCE
        while True:
            is_over = not self._process.is_running or time.monotonic() > give_up
            if re.search(pattern, self.printed, re.MULTILINE):
                return
            assert not is_over, f"{pattern} is not printed, but:\n{self.printed}"
            time.sleep(0.05)

    def ends(self) -> str:
        """Wait until the module ends, and return its whole output."""
        assert self._process.wait(PATIENCE) == 0, self.printed
        return self.printed


@contextmanager
def script(folder: Path, text: str) -> Iterator[Script]:
    """Run the module in a folder with `node_modules` for the duration of the block."""
    (folder / "module.mjs").write_text(text)
    process = Process(need_node(), "module.mjs", log=folder / "printed.txt", directory=folder).start()
    try:
        yield Script(process)
    finally:
        process.kill()
