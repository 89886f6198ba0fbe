"""The server processes under test: started, killed, told to go, looked at from outside."""

import asyncio
import contextlib
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from faults.services import run
from tests.harness.processes import Process, on_free_port
from tests.harness.servers import responds, serve

START_TIMEOUT = 60.0
HANDLED = ("channels_redis", "django.request")
"""Loggers that tell of lost connections, and of answers with 5xx, as errors."""
BASE_ENVIRONMENT = {
    "DEBUG": "off",
    "TLS": "off",
    "SECRET_KEY": "only-for-the-fault-harness-" + "x" * 40,
    "ALLOWED_HOSTS": "127.0.0.1",
    "RATE_LIMITS": "off",
    "RATE_LIMITS_OFF_CONFIRMED": "on",
    "ACCESS_TOKEN_MINUTES": "1440",
    "METRICS": "on",
    "LOG_FORMAT": "json",
}


@dataclass(frozen=True)
class Size:
    """What a process holds: resident bytes, open file descriptors, and of `/metrics` its sockets and rooms."""

    rss: int
    fds: int
    sockets: int
    rooms: int
    tasks: int


class Worker:
    """`manage.py serve` on a port of its own, which is found at the first start."""

    def __init__(self, name: str, home: Path, environment: dict[str, str]) -> None:
        self.name, self.port = name, 0
        self.log = home / f"{name}.log"
        self.environment = os.environ | BASE_ENVIRONMENT | {"DATA_DIR": str(home / "data")} | environment
        self._process: Process | None = None

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.is_running

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def manage(self, *arguments: str) -> str:
        """Run a management command with this worker's settings."""
        return await run(sys.executable, "manage.py", *arguments, env=self.environment)

    def _spawn(self, port: int, environment: dict[str, str]) -> Process:
        self._process = Process(*serve(port), log=self.log, environment=self.environment | environment)
        return self._process.start()

    async def start(self, **environment: str) -> None:
        """Start it and wait until it is ready."""
        if self.port:
            self._spawn(self.port, environment)
            await self.until_ready(START_TIMEOUT)
        else:
            self.port = await asyncio.to_thread(on_free_port, lambda port: self._first_start(port, environment))

    def _first_start(self, port: int, environment: dict[str, str]) -> int:
        self._spawn(port, environment).wait_until(lambda: responds(f"http://127.0.0.1:{port}/readyz"))
        return port

    async def spawn_until_up(self) -> None:
        """Start it, and wait only until it answers at all: what it needs may be away."""
        self._spawn(self.port, {})
        async with asyncio.timeout(START_TIMEOUT):
            while await self.status("/healthz") != 200:
                await asyncio.sleep(0.1)

    async def until_ready(self, timeout: float) -> float:
        """Wait for `/readyz`; answers how many seconds it took."""
        begin = time.monotonic()
        while time.monotonic() - begin < timeout:
            if not self.is_running:
                raise RuntimeError(f"{self.name} did not start, see {self.log}")
            if await self.status("/readyz") == 200:
                return time.monotonic() - begin
            await asyncio.sleep(0.1)
        raise TimeoutError(f"{self.name} is not ready after {timeout:g} s, see {self.log}")

    async def until_unready(self, timeout: float) -> float | None:
        """Wait until `/readyz` is red; answers how many seconds it took, None if it stayed green."""
        begin = time.monotonic()
        while time.monotonic() - begin < timeout:
            if await self.status("/readyz") == 503:
                return time.monotonic() - begin
            await asyncio.sleep(0.25)
        return None

    async def status(self, path: str) -> int:
        """The status of a GET past all proxies; 0 without an answer within 15 s."""
        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
            async with aiohttp.request("GET", self.url + path, timeout=aiohttp.ClientTimeout(15)) as answer:
                return answer.status
        return 0

    async def kill(self) -> None:
        """SIGKILL."""
        if self.is_running:
            await asyncio.to_thread(self._process.kill)

    async def terminate(self, within: float = 30.0) -> float:
        """SIGTERM; answers after how many seconds it was gone. Killed, if it takes longer than `within`."""
        begin = time.monotonic()
        with contextlib.suppress(TimeoutError):
            await asyncio.to_thread(self._process.stop, within)
        return time.monotonic() - begin

    async def size(self) -> Size:
        metrics = await self.metrics()
        proc = Path(f"/proc/{self.pid}")
        pages = int((proc / "statm").read_text().split()[1])
        return Size(
            rss=pages * os.sysconf("SC_PAGE_SIZE"),
            fds=sum(1 for _ in (proc / "fd").iterdir()),
            sockets=round(metrics.get("stoory_sockets", 0)),
            rooms=round(metrics.get("stoory_rooms", 0)),
            tasks=round(metrics.get("stoory_tasks", 0)),
        )

    async def metrics(self) -> dict[str, float]:
        """The plain samples of `/metrics`."""
        async with aiohttp.request("GET", self.url + "/metrics") as answer:
            lines = (await answer.text()).splitlines()
        samples = (line.rsplit(" ", 1) for line in lines if line and not line.startswith("#"))
        return {name: float(value) for name, value in samples}

    def faults_logged(self) -> list[str]:
        """Unhandled exceptions in its log."""
        if not self.log.exists():
            return []
        lines = self.log.read_text(errors="replace").splitlines()
        faults = [line for line in lines if '"level": "error"' in line or "Traceback" in line]
        return [line[:300] for line in faults if not any(f'"logger": "{name}' in line for name in HANDLED)]
