"""A terminal with an interactive bash, including history expansion and job control."""

import os
import re
import select
import shutil
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.harness.processes import Process

PATIENCE = 120
"""Seconds to wait for one command on a busy machine."""

PROMPT, MORE = "[{}]ready> ", "more> "
AT_PROMPT = re.compile(r"(?:\[(\d+)\]ready> |more> )$")
CONTROLS = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\r")
IN_A_TERMINAL = """
import fcntl, os, struct, sys, termios
fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 100, 4000, 0, 0))
os.login_tty(0)
os.execvp(sys.argv[1], sys.argv[1:])
"""
ORDINARY = ("bash", "cat", "curl", "grep", "rm", "sleep")
"""curl, and programs that every machine with bash has."""


def programs(folder: Path, *names: str, **paths: str) -> Path:
    """Create a folder for `PATH` with these programs only; `paths` maps other names to programs."""
    folder.mkdir(exist_ok=True)
    for name in {*ORDINARY, *names}:
        (folder / name).symlink_to(shutil.which(name))
    for name, path in paths.items():
        (folder / name).symlink_to(path)
    return folder


class Terminal:
    """Controls a terminal like a person. Typed lines wait for the prompt."""

    def __init__(self, screen: int) -> None:
        self._screen = screen
        self._shown = ""
        self.status = self._prompted()

    def types(self, text: str) -> str:
        """Type line by line, and return the output after the last line. Raises `AssertionError` if a command fails."""
        shown = ""
        for line in text.rstrip("\n").split("\n"):
            shown = self._enters(line)
        return shown

    def begins(self, text: str) -> None:
        """Type a command that runs until it is interrupted, or that asks a question."""
        self._shown = ""
        self._write(text.rstrip("\n") + "\n")

    def sees(self, pattern: str) -> str:
        """Wait until this pattern is shown, and return the output up to it."""
        return self._read_until(re.compile(pattern))

    def answers(self, text: str) -> None:
        self._shown = ""
        self._write(text + "\n")

    def interrupts(self) -> str:
        """Press Control-C, and wait for the prompt."""
        self._write("\x03")
        self._prompted()
        return self._shown

    def _enters(self, line: str) -> str:
        self._shown = ""
        self._write(line + "\n")
        status = self._prompted()
        shown = CONTROLS.sub("", self._shown)
        assert status in {None, 0}, f"The command ended with {status}:\n{shown}"
        self.status = status
        return AT_PROMPT.sub("", shown.partition("\n")[2])

    def _prompted(self) -> int | None:
        """Wait for a prompt; return the status of the last command, or None if the shell expects another line."""
        self._read_until(AT_PROMPT)
        found = AT_PROMPT.search(CONTROLS.sub("", self._shown))
        return int(found[1]) if found[1] else None

    def _read_until(self, pattern: re.Pattern[str]) -> str:
        give_up = time.monotonic() + PATIENCE
        while not pattern.search(seen := CONTROLS.sub("", self._shown)):
            ready, _, _ = select.select([self._screen], [], [], max(0, give_up - time.monotonic()))
            assert ready, f"{pattern.pattern} is not shown, but:\n{seen}"
            self._shown += os.read(self._screen, 65536).decode(errors="replace")
        return seen

    def _write(self, text: str) -> None:
        os.write(self._screen, text.encode())


@contextmanager
def terminal(folder: Path, path: Path | str, **environment: str) -> Iterator[Terminal]:
    """Run an interactive bash in a folder with this `PATH`; the programs that it started end with it."""
    screen, inside = os.openpty()
    given = {"PATH": str(path), "HOME": str(folder), "TERM": "xterm", "LANG": "C.UTF-8", **environment}
    given |= {"PS1": PROMPT.format("$?"), "PS2": MORE}
    shell = [shutil.which("bash"), "--noprofile", "--norc", "-i"]
    streams = dict.fromkeys(("stdin", "stdout", "stderr"), inside)
    log = folder / "terminal.log"
    process = Process(
        sys.executable, "-c", IN_A_TERMINAL, *shell, log=log, environment=given, directory=folder, **streams
    )
    process.start()
    os.close(inside)
    try:
        yield Terminal(screen)
    finally:
        _hang_up(process, screen)


def _hang_up(process: Process, screen: int) -> None:
    """Close the window, so that the shell and its jobs receive SIGHUP."""
    os.close(screen)
    try:
        process.wait(PATIENCE)
    finally:
        process.kill()


def lines(text: str) -> list[str]:
    return text.strip("\n").split("\n")


def commands(text: str) -> Iterable[str]:
    """Return the commands of a block with one command per line, without comments."""
    return [line for line in (re.sub(r"(?:^|\s+)#.*", "", one) for one in lines(text)) if line]
