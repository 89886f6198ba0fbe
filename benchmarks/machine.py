"""Processes and their resources, read from `/proc`, and the description of the machine."""

import os
import platform
import shutil
from collections.abc import Iterable
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PAGE_KIB = os.sysconf("SC_PAGE_SIZE") / 1024
PROC = Path("/proc")


class MissingProgram(Exception):
    """A program that a measurement needs is not installed."""


def require_program(program: str, hint: str) -> str:
    """Return the path of a program. Raises `MissingProgram`."""
    found = shutil.which(program)
    if found is None:
        raise MissingProgram(f"{program} is missing: {hint}")
    return found


def pinned_to(core: int, command: Iterable[str | Path]) -> list[str]:
    """Return the command with `taskset`, which pins it to one core."""
    return [require_program("taskset", "install util-linux"), "-c", str(core), *map(str, command)]


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat from the third on (proc_pid_stat(5)), or an empty list if the process has
    ended."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def process_tree(pid: int) -> list[int]:
    """Return the ids of a process and all its descendants."""
    found, parents = [pid], {}
    for one in PROC.iterdir():
        if one.name.isdigit() and (fields := _stat(int(one.name))):
            parents.setdefault(int(fields[1]), []).append(int(one.name))
    for parent in found:
        found += parents.get(parent, [])
    return found


def processes_named(name: str) -> list[int]:
    """Return the ids of all processes with this program name."""
    pids = [int(one.name) for one in PROC.iterdir() if one.name.isdigit()]
    return [pid for pid in pids if _name(pid) == name]


def _name(pid: int) -> str:
    try:
        return (PROC / str(pid) / "comm").read_text().strip()
    except OSError:
        return ""


def cpu_seconds(pids: Iterable[int]) -> float:
    """Return the processor seconds of these processes so far, in user and kernel mode."""
    return sum(int(fields[11]) + int(fields[12]) for pid in pids if (fields := _stat(pid))) / TICKS


def resident_kib(pids: Iterable[int]) -> float:
    """Return the resident memory of these processes in KiB. Shared memory counts for each process."""
    return sum(int(fields[21]) for pid in pids if (fields := _stat(pid))) * PAGE_KIB


def description() -> dict[str, str | int]:
    """Return a description of this machine, which is saved with the results."""
    models = [line for line in (PROC / "cpuinfo").read_text().splitlines() if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor": models[0].partition(":")[2].strip() if models else platform.processor(),
        "cores": os.cpu_count() or 1,
        "memory_gib": round(memory),
        "kernel": platform.release(),
        "python": platform.python_version(),
    }
