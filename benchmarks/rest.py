"""Sending and reading over REST: one server process, with load from wrk."""

import re
from pathlib import Path

from benchmarks import machine
from benchmarks.environment import Environment
from benchmarks.targets import STOORY, serving
from tests.harness.environment import ROOT
from tests.harness.processes import CommandFailed, run

SCRIPTS = ROOT / "benchmarks" / "wrk"
CONNECTIONS = 32
_RATE = re.compile(r"Requests/sec:\s+([\d.]+)")
_PERCENTILES = re.compile(r"(50|99)%\s+([\d.]+)(us|ms|s)\b")
_ERRORS = re.compile(r"(Non-2xx or 3xx responses.*|Socket errors.*)")
_IN_MS = {"us": 0.001, "ms": 1.0, "s": 1000.0}

Metrics = dict[str, float]


def measure(environment: Environment, seconds: float) -> dict[str, Metrics]:
    """Return the requests a second and the latencies of `send` and `page`."""
    with serving(STOORY, environment) as running:
        return {
            name: _drive(environment, running.ports[0], SCRIPTS / f"{name}.lua", seconds) for name in ("send", "page")
        }


def _drive(environment: Environment, port: int, script: Path, seconds: float) -> Metrics:
    wrk = machine.require_program("wrk", "install wrk, for example with `apt install wrk`")
    options = ["-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", "--latency", "--timeout", "30s", "-s", script]
    command = [wrk, *options, f"http://127.0.0.1:{port}", "--", environment.data]
    return parse(run(*machine.pinned_to(environment.load_core, command)))


def parse(output: str) -> Metrics:
    """Parse the output of wrk. Raises `CommandFailed` if requests were refused or lost."""
    if error := _ERRORS.search(output):
        raise CommandFailed(f"wrk: {error[1]}")
    if not (rate := float(_RATE.search(output)[1])):
        raise CommandFailed("wrk: no response arrived in time")
    percentiles = {
        f"p{percent}_ms": round(float(value) * _IN_MS[unit], 3) for percent, value, unit in _PERCENTILES.findall(output)
    }
    return {"requests_per_second": rate, **percentiles}
