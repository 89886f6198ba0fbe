"""Node modules made of the blocks of a document, run as a reader would run them."""

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.environment import need_node

PATIENCE = 120
"""Seconds for what a busy machine takes its time for."""


class Script:
    """A module that runs; what it prints can be waited for."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self._process, self._log = process, log

    @property
    def printed(self) -> str:
        return self._log.read_text()

    def prints(self, pattern: str, *, times: int = 1) -> None:
        """Wait until it has printed this."""
        give_up = time.monotonic() + PATIENCE
        while True:
            is_over = self._process.poll() is not None or time.monotonic() > give_up
            if len(re.findall(pattern, self.printed, re.MULTILINE)) >= times:
                return
            assert not is_over, f"{pattern} is not printed, but:\n{self.printed}"
            time.sleep(0.05)

    def ends(self) -> str:
        """Wait for its end; answers all that it printed."""
        status = self._process.wait(PATIENCE)
        assert status == 0, self.printed
        return self.printed


@contextmanager
def script(folder: Path, text: str) -> Iterator[Script]:
    """The module runs in a folder with `node_modules`, as long as the block."""
    (folder / "module.mjs").write_text(text)
    log = folder / "printed.txt"
    with log.open("wb") as out:
        process = subprocess.Popen([need_node(), "module.mjs"], cwd=folder, stdout=out, stderr=out)
    try:
        yield Script(process, log)
    finally:
        process.kill()
        process.wait()
