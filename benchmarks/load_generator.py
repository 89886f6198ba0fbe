"""Runs the load generator, and measures the processor time of the server, the load generator and PostgreSQL."""

import json
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks import machine
from benchmarks.environment import Environment
from benchmarks.targets import RunningTarget, Target
from tests.harness.processes import CommandFailed

SETTLE_SECONDS = 2.0
SATURATED = 90.0
"""The utilization, in per cent, from which a core counts as saturated."""

Result = dict[str, Any]


@dataclass(frozen=True)
class _CpuTimes:
    """The processor seconds used so far by the server, the load generator and PostgreSQL."""

    at: float
    seconds: dict[str, float]

    @classmethod
    def now(cls, running: RunningTarget, load: int) -> "_CpuTimes":
        groups = {"server": running.process_tree(), "load": [load], "postgres": machine.processes_named("postgres")}
        return cls(time.monotonic(), {name: machine.cpu_seconds(pids) for name, pids in groups.items()})

    def since(self, before: "_CpuTimes") -> dict[str, float]:
        """Return the utilization since `before`, in per cent of one core."""
        passed = self.at - before.at
        return {
            f"{name}_cpu": round(100 * max(0.0, seconds - before.seconds[name]) / passed, 1)
            for name, seconds in self.seconds.items()
        }


def run_load(target: Target, running: RunningTarget, environment: Environment, options: list[str]) -> Result:
    """Run the load generator against running servers, and return the metrics. Raises `CommandFailed` if a response was
    wrong."""
    ports = ",".join(map(str, running.ports))
    command = [environment.load_generator, *options, *target.load, "--ports", ports, "--data", environment.data]
    with subprocess.Popen(
        machine.pinned_to(environment.load_core, command), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        result = _watch(process, running)
        fault = process.stderr.read()
    if process.returncode:
        raise CommandFailed(f"{target.label}: {fault}")
    return result


def _watch(process: subprocess.Popen[str], running: RunningTarget) -> Result:
    result: Result = {}
    before, idle_kib = _CpuTimes.now(running, process.pid), machine.resident_kib(running.process_tree())
    for line in _lines(process):
        phase = line.pop("phase")
        if phase == "measuring":
            before = _CpuTimes.now(running, process.pid)
        elif phase in {"measured", "connected"}:
            result |= _CpuTimes.now(running, process.pid).since(before)
        if phase == "connected":
            result["connects_per_second"] = line["per_second"]
        elif phase == "joined":
            time.sleep(SETTLE_SECONDS)
            used = machine.resident_kib(running.process_tree()) - idle_kib
            result |= {"joins_per_second": line["per_second"], "kib_per_socket": round(used / line["sockets"], 2)}
        elif phase == "recovered":
            result |= {"recovery_seconds": line["seconds"], "returns_per_second": line["per_second"]}
        else:
            result |= line
    return result


def _lines(process: subprocess.Popen[str]) -> Iterator[Result]:
    for line in process.stdout:
        yield json.loads(line)


def saturated_cores(result: Result) -> str:
    """Return the names of the processes whose cores were saturated, or "none"."""
    saturated = [name for name in ("server", "load", "postgres") if result.get(f"{name}_cpu", 0) >= SATURATED]
    return " and ".join(saturated) or "none"
