"""Runs other programs to their end, or keeps them running in their own session with a log file."""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self, TypeVar

from tests.harness.environment import ROOT
from tests.harness.ports import free_port

START_SECONDS = 120
STOP_SECONDS = 60
COMMAND_SECONDS = 300
ATTEMPTS = 5
PORT_TAKEN = ("address already in use", "could not create any tcp/ip sockets")
"""Texts that servers log if their port is in use, in lower case. PostgreSQL logs the second text if it logs fatal
errors only."""

Started = TypeVar("Started")


class CommandFailed(Exception):
    """A program failed."""


class PortTaken(CommandFailed):
    """A server did not start because another process uses its port."""


def run(*command: str | Path, **options: Any) -> str:
    """Run a program to its end and return its standard output. Raises `CommandFailed`."""
    words = [str(one) for one in command]
    # The output goes to files, because a server that the program leaves running would keep a pipe open.
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, check=False, **{"cwd": ROOT} | options
        )
        written = [_whole(output), _whole(errors)]
    if done.returncode:
        raise CommandFailed(f"{' '.join(words)} ended with {done.returncode}:\n{''.join(written)}")
    return written[0]


def _whole(file: Any) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


class Process:
    """A program that runs until it is stopped. Everything it starts ends with it.

    `options` are options of `subprocess.Popen`; output that is not piped is appended to `log`.
    """

    def __init__(
        self,
        *command: str | Path,
        log: Path,
        environment: Mapping[str, str] | None = None,
        directory: Path = ROOT,
        **options: Any,
    ) -> None:
        self.command = [str(one) for one in command]
        self.log = log
        self._options = {"cwd": directory, "env": environment, "stdin": subprocess.DEVNULL} | options
        self._logged = 0
        self.popen: subprocess.Popen[Any] | None = None

    def start(self) -> Self:
        with self.log.open("ab") as log:
            self._logged = log.tell()
            output = {"stdout": log, "stderr": log} | self._options
            self.popen = subprocess.Popen(self.command, start_new_session=True, **output)
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *fault: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        return self.popen.pid

    @property
    def is_running(self) -> bool:
        return self.popen is not None and self.popen.poll() is None

    def written(self) -> str:
        """Return the output in the log since the last start."""
        with self.log.open("rb") as log:
            log.seek(self._logged)
            return log.read().decode(errors="replace")

    def wait_until(self, ready: Callable[[], bool], within: float = START_SECONDS) -> Self:
        """Wait until `ready()` is true. If the process ends first or takes too long, kill it and raise
        `CommandFailed`."""
        give_up = time.monotonic() + within
        while not (ready() and self.is_running):
            if not self.is_running or time.monotonic() > give_up:
                self.kill()
                raise start_failure(f"{' '.join(self.command)} did not start:\n{self.written()}")
            time.sleep(0.05)
        return self

    def wait(self, within: float = STOP_SECONDS) -> int:
        """Wait until the process ends by itself; return its exit code."""
        return self.popen.wait(within)

    def stop(self, within: float = STOP_SECONDS) -> int | None:
        """Stop the process (SIGTERM) and wait; return its exit code, or None if it was not started.

        Raises `TimeoutError` if it did not end in time and had to be killed.
        """
        if self.popen is None:
            return None
        self.popen.terminate()
        try:
            return self.popen.wait(within)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"{' '.join(self.command)} did not stop:\n{self.written()}") from None
        finally:
            self.kill()

    def kill(self) -> None:
        """Kill the process and everything it started (SIGKILL)."""
        if self.popen is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait(STOP_SECONDS)
        if self.popen.stdin is not None:
            with suppress(BrokenPipeError):  # unsent input was still buffered
                self.popen.stdin.close()
        self.popen = None


def start_failure(output: str) -> CommandFailed:
    """Return the error for a server that did not start, according to its output."""
    return PortTaken(output) if any(words in output.lower() for words in PORT_TAKEN) else CommandFailed(output)


def on_free_port(start: Callable[[int], Started]) -> Started:
    """Call `start` with a free port and return its result; try another port if another process takes this port in the
    meantime."""
    for _ in range(ATTEMPTS - 1):
        with suppress(PortTaken):
            return start(free_port())
    return start(free_port())
