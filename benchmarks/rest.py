"""Sending and reading over REST: one process, driven by wrk."""

import re
from pathlib import Path

from benchmarks import machine
from benchmarks.contenders import STOORY, serving
from benchmarks.setting import Setting
from tests.harness.environment import ROOT
from tests.harness.processes import CommandFailed, run

SCRIPTS = ROOT / "benchmarks" / "wrk"
CONNECTIONS = 32
_RATE = re.compile(r"Requests/sec:\s+([\d.]+)")
_SHARES = re.compile(r"(50|99)%\s+([\d.]+)(us|ms|s)\b")
_FAULTS = re.compile(r"(Non-2xx or 3xx responses.*|Socket errors.*)")
_IN_MS = {"us": 0.001, "ms": 1.0, "s": 1000.0}

Figures = dict[str, float]


def measure(setting: Setting, seconds: float) -> dict[str, Figures]:
    """Requests a second and latencies of `send` and `page`."""
    with serving(STOORY, setting) as running:
        return {name: _drive(setting, running.ports[0], SCRIPTS / f"{name}.lua", seconds) for name in ("send", "page")}


def _drive(setting: Setting, port: int, script: Path, seconds: float) -> Figures:
    wrk = machine.need("wrk", "install wrk, for example with `apt install wrk`")
    options = ["-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", "--latency", "--timeout", "30s", "-s", script]
    command = [wrk, *options, f"http://127.0.0.1:{port}", "--", setting.people]
    return parsed(run(*machine.pinned(setting.load_core, command)))


def parsed(written: str) -> Figures:
    """What wrk wrote. Raises `CommandFailed` where requests were refused or lost."""
    if fault := _FAULTS.search(written):
        raise CommandFailed(f"wrk: {fault[1]}")
    if not (rate := float(_RATE.search(written)[1])):
        raise CommandFailed("wrk: no request was answered in time")
    shares = {f"p{share}_ms": round(float(value) * _IN_MS[unit], 3) for share, value, unit in _SHARES.findall(written)}
    return {"requests_per_second": rate, **shares}
