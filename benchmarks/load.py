"""Running the load generator, with an eye on who uses the processors meanwhile."""

import json
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks import machine
from benchmarks.contenders import Contender, Running
from benchmarks.setting import Setting
from tests.harness.processes import CommandFailed

SETTLE_SECONDS = 2.0
FULL = 90.0
"""Per cent of a core from which it counts as full."""

Result = dict[str, Any]


@dataclass(frozen=True)
class _Used:
    """Processor time so far, by who used it."""

    at: float
    seconds: dict[str, float]

    @classmethod
    def now(cls, running: Running, load: int) -> "_Used":
        groups = {"server": running.family(), "load": [load], "postgres": machine.named("postgres")}
        return cls(time.monotonic(), {name: machine.cpu_seconds(pids) for name, pids in groups.items()})

    def since(self, before: "_Used") -> dict[str, float]:
        """Per cent of one core."""
        passed = self.at - before.at
        return {
            f"{name}_cpu": round(100 * max(0.0, seconds - before.seconds[name]) / passed, 1)
            for name, seconds in self.seconds.items()
        }


def run_load(contender: Contender, running: Running, setting: Setting, options: list[str]) -> Result:
    """One run against servers that are ready; answers its figures. Raises `CommandFailed` when anything was not as
    it should be."""
    ports = ",".join(map(str, running.ports))
    command = [setting.load, *options, *contender.load, "--ports", ports, "--data", setting.people]
    with subprocess.Popen(
        machine.pinned(setting.load_core, command), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        result = _watch(process, running)
        fault = process.stderr.read()
    if process.returncode:
        raise CommandFailed(f"{contender.label}: {fault}")
    return result


def _watch(process: subprocess.Popen[str], running: Running) -> Result:
    result: Result = {}
    before, idle_kib = _Used.now(running, process.pid), machine.resident_kib(running.family())
    for line in _lines(process):
        stage = line.pop("stage")
        if stage == "measuring":
            before = _Used.now(running, process.pid)
        elif stage in {"measured", "connected"}:
            result |= _Used.now(running, process.pid).since(before)
        if stage == "connected":
            result["connects_per_second"] = line["per_second"]
        elif stage == "joined":
            time.sleep(SETTLE_SECONDS)
            used = machine.resident_kib(running.family()) - idle_kib
            result |= {"joins_per_second": line["per_second"], "kib_per_socket": round(used / line["sockets"], 2)}
        elif stage == "recovered":
            result |= {"recovery_seconds": line["seconds"], "returns_per_second": line["per_second"]}
        else:
            result |= line
    return result


def _lines(process: subprocess.Popen[str]) -> Iterator[Result]:
    for line in process.stdout:
        yield json.loads(line)


def what_was_full(result: Result) -> str:
    """Whose core the figures were limited by."""
    full = [name for name in ("server", "load", "postgres") if result.get(f"{name}_cpu", 0) >= FULL]
    return " and ".join(full) or "nobody's"
