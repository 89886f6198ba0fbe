"""Ports on 127.0.0.1 for servers that get their port when they start.

The kernel gives the ports of outgoing connections from a range of its own, so these are taken from outside of it. Each
worker of a parallel test run has a part of them to itself, and whoever is given a port holds a lock on it until its
process ends: no other process on this machine that asks here is given the same one.
"""

import fcntl
import os
import random
import socket
import tempfile
from itertools import count
from pathlib import Path
from typing import IO

FIRST, LAST = 20_000, 65_535
PER_WORKER = 500
DEFAULT_OUTGOING = (32_768, 60_999)
OUTGOING = Path("/proc/sys/net/ipv4/ip_local_port_range")

_places = count(random.randrange(PER_WORKER))
"""Where to look next; processes begin at different places."""

_locks: dict[int, IO[bytes]] = {}
"""Of the ports that this process was given."""


class NoFreePort(Exception):
    """Every port of this process is taken."""


def outgoing() -> tuple[int, int]:
    """The first and the last port that the kernel gives to outgoing connections."""
    try:
        first, last = OUTGOING.read_text().split()
    except (OSError, ValueError):
        return DEFAULT_OUTGOING
    return int(first), int(last)


def worker_number(worker: str) -> int:
    """0 outside of parallel runs, else one more than in the name of pytest-xdist's worker (`gw0`, `gw1`, …)."""
    number = worker.removeprefix("gw")
    return int(number) + 1 if number.isdigit() else 0


def ports_of(worker: str) -> range:
    """The ports of a worker; workers share them only where there are more workers than parts."""
    first, last = outgoing()
    usable = max(range(FIRST, first), range(max(FIRST, last + 1), LAST + 1), key=len)
    if len(usable) < PER_WORKER:
        usable = range(FIRST, LAST + 1)
    parts = len(usable) // PER_WORKER
    begin = usable.start + PER_WORKER * (worker_number(worker) % parts)
    return range(begin, begin + PER_WORKER)


def free_port() -> int:
    """The next of this worker's ports that can be bound; one that was given before comes up again after all others."""
    ports = ports_of(os.environ.get("PYTEST_XDIST_WORKER", ""))
    for _ in ports:
        port = ports[next(_places) % PER_WORKER]
        if is_free(port) and _lock(port):
            return port
    raise NoFreePort(f"All of the ports {ports.start} to {ports.stop - 1} are taken.")


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def listens(port: int) -> bool:
    """Whether somebody takes connections on it."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _lock(port: int) -> bool:
    """Whether the port is this process's, which it is until the process ends."""
    if port in _locks:
        return True
    directory = Path(tempfile.gettempdir()) / f"stoory-ports-{os.getuid()}"
    directory.mkdir(mode=0o700, exist_ok=True)
    lock = (directory / str(port)).open("wb")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return False
    _locks[port] = lock
    return True
