"""The server processes under test: how the harness starts, kills, terminates and observes them."""

import asyncio
import contextlib
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from faults.cluster.services import run_command
from tests.harness.processes import Process, on_free_port
from tests.harness.servers import responds, serve

START_TIMEOUT = 60.0
EXPECTED_LOGGERS = ("channels_redis", "django.request")
"""The loggers whose errors are ignored, because they log lost connections and 5xx responses as errors."""
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
class ResourceUsage:
    """The resources of a process: resident bytes, open file descriptors, and the sockets, rooms and tasks that
    `/metrics` reports."""

    rss: int
    fds: int
    sockets: int
    rooms: int
    tasks: int


class Worker:
    """A process of `manage.py serve`. Its port is chosen at the first start."""

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
        return await run_command(sys.executable, "manage.py", *arguments, env=self.environment)

    def _spawn(self, port: int, environment: dict[str, str]) -> Process:
        self._process = Process(*serve(port), log=self.log, environment=self.environment | environment)
        return self._process.start()

    async def start(self, **environment: str) -> None:
        """Start the worker and wait until it is ready."""
        if self.port:
            self._spawn(self.port, environment)
            await self.until_ready(START_TIMEOUT)
        else:
            self.port = await asyncio.to_thread(on_free_port, lambda port: self._first_start(port, environment))

    def _first_start(self, port: int, environment: dict[str, str]) -> int:
        self._spawn(port, environment).wait_until(lambda: responds(f"http://127.0.0.1:{port}/readyz"))
        return port

    async def start_until_alive(self) -> None:
        """Start the worker and wait only for `/healthz`, because PostgreSQL or Redis can be down."""
        self._spawn(self.port, {})
        async with asyncio.timeout(START_TIMEOUT):
            while await self.status("/healthz") != 200:
                await asyncio.sleep(0.1)

    async def until_ready(self, timeout: float) -> float:
        """Wait until `/readyz` returns 200. Return the seconds that this took."""
        begin = time.monotonic()
        while time.monotonic() - begin < timeout:
            if not self.is_running:
                raise RuntimeError(f"{self.name} did not start, see {self.log}")
            if await self.status("/readyz") == 200:
                return time.monotonic() - begin
            await asyncio.sleep(0.1)
        raise TimeoutError(f"{self.name} is not ready after {timeout:g} s, see {self.log}")

    async def until_unready(self, timeout: float) -> float | None:
        """Wait until `/readyz` returns 503. Return the seconds that this took, or None if the worker stayed ready."""
        begin = time.monotonic()
        while time.monotonic() - begin < timeout:
            if await self.status("/readyz") == 503:
                return time.monotonic() - begin
            await asyncio.sleep(0.25)
        return None

    async def status(self, path: str) -> int:
        """Return the status of a GET request without proxy, or 0 if no response arrives within 15 s."""
        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
            async with aiohttp.request("GET", self.url + path, timeout=aiohttp.ClientTimeout(15)) as response:
                return response.status
        return 0

    async def kill(self) -> None:
        """Send SIGKILL."""
        if self.is_running:
            await asyncio.to_thread(self._process.kill)

    async def terminate(self, within: float = 30.0) -> float:
        """Send SIGTERM, and SIGKILL if the worker runs for more than `within` seconds after it. Return the seconds
        until its end."""
        begin = time.monotonic()
        with contextlib.suppress(TimeoutError):
            await asyncio.to_thread(self._process.stop, within)
        return time.monotonic() - begin

    async def resource_usage(self) -> ResourceUsage:
        metrics = await self.metrics()
        proc = Path(f"/proc/{self.pid}")
        pages = int((proc / "statm").read_text().split()[1])
        return ResourceUsage(
            rss=pages * os.sysconf("SC_PAGE_SIZE"),
            fds=sum(1 for _ in (proc / "fd").iterdir()),
            sockets=round(metrics.get("stoory_sockets", 0)),
            rooms=round(metrics.get("stoory_rooms", 0)),
            tasks=round(metrics.get("stoory_tasks", 0)),
        )

    async def metrics(self) -> dict[str, float]:
        """Return the samples of `/metrics`."""
        async with aiohttp.request("GET", self.url + "/metrics") as response:
            lines = (await response.text()).splitlines()
        samples = (line.rsplit(" ", 1) for line in lines if line and not line.startswith("#"))
        return {name: float(value) for name, value in samples}

    def logged_errors(self) -> list[str]:
        """Return the unhandled exceptions and errors in the worker's log."""
        if not self.log.exists():
            return []
        lines = self.log.read_text(errors="replace").splitlines()
        errors = [line for line in lines if '"level": "error"' in line or "Traceback" in line]
        return [line[:300] for line in errors if not any(f'"logger": "{name}' in line for name in EXPECTED_LOGGERS)]
