"""Processes that run and enqueue tasks, with the settings of a server process."""

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from faults.cluster.worker import Worker
from tests.harness.environment import ROOT
from tests.harness.processes import Process

WORK = "from faults.shell import task_load; task_load.main('worker')"
PRODUCE = "from faults.shell import task_load; task_load.main('producer')"
THREADS = 3


def _shell(command: str) -> list[str]:
    return [sys.executable, "manage.py", "shell", "--no-imports", "-c", command]


class TaskProcess:
    """A process of `manage.py run_tasks` with the settings of a server. `kills` has the process id and the time of each
    SIGKILL."""

    command: Sequence[str] = (sys.executable, "manage.py", "run_tasks", "--workers", str(THREADS))

    def __init__(self, server: Worker, name: str, log: Path) -> None:
        self.name, self.log = name, log
        self.environment = server.environment
        self.kills: list[tuple[int, float]] = []
        self._process: Process | None = None

    async def start(self) -> None:
        self._process = await asyncio.to_thread(self._start)

    def _start(self) -> Process:
        log = self.log.with_suffix(f".{self.name}.log")
        process = Process(*self.command, log=log, environment=self.environment)
        return process.start().wait_until(lambda: "Running tasks" in process.written())

    @property
    def pid(self) -> int:
        return self._process.pid

    async def kill(self) -> None:
        """Send SIGKILL."""
        pid = self.pid
        await asyncio.to_thread(self._process.kill)
        self.kills.append((pid, time.monotonic()))

    async def terminate(self, within: float = 30.0) -> float:
        """Send SIGTERM to the worker. Return the seconds until its end."""
        begin = time.monotonic()
        with contextlib.suppress(TimeoutError):
            await asyncio.to_thread(self._process.stop, within)
        return time.monotonic() - begin


class LoadProcess(TaskProcess):
    """A process that also knows the tasks of `faults.shell.task_load`, which write to `log`."""

    command = _shell(WORK)

    def __init__(self, server: Worker, name: str, log: Path) -> None:
        super().__init__(server, name, log)
        self.environment = server.environment | {"TASK_LOG": str(log), "TASK_WORKERS": str(THREADS)}


class Producer:
    """A process that enqueues tasks. `transactions` is what it has reported so far."""

    def __init__(self, server: Worker) -> None:
        self._server = server
        self.transactions: list[dict[str, Any]] = []

    async def start(self, rate: float, seed: int) -> None:
        self._process = process = await asyncio.create_subprocess_exec(
            *_shell(PRODUCE),
            cwd=ROOT,
            env=self._server.environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        process.stdin.write(f"{rate} {seed}\n".encode())
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for line in self._process.stdout:
            if line.startswith(b"stored "):
                self.transactions.append(json.loads(line.removeprefix(b"stored ")))

    async def stop(self) -> None:
        """Let the producer finish its transaction, and wait for its end."""
        self._process.stdin.close()
        await self._reader
        await self._process.wait()
