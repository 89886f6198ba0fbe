"""Ports on 127.0.0.1 for servers that a test starts.

The kernel assigns the ports of outgoing connections from a certain range, so these ports are outside that range. Each
worker of a parallel test run uses its own part of these ports. A process locks each port that it takes until it ends,
so no other process that uses this module gets the same port.
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
"""The position where the search for a free port continues; processes begin at different positions."""

_locks: dict[int, IO[bytes]] = {}
"""The lock files of this process's ports."""


class NoFreePort(Exception):
    """All ports of this worker are taken."""


def outgoing() -> tuple[int, int]:
    """Return the first and the last port that the kernel assigns to outgoing connections."""
    try:
        first, last = OUTGOING.read_text().split()
    except (OSError, ValueError):
        return DEFAULT_OUTGOING
    return int(first), int(last)


def worker_number(worker: str) -> int:
    """Return 0 outside parallel runs, otherwise one more than the number of the pytest-xdist worker (`gw0`, `gw1`,
    …)."""
    number = worker.removeprefix("gw")
    return int(number) + 1 if number.isdigit() else 0


def ports_of(worker: str) -> range:
    """Return the ports of a worker; workers share ports only if there are more workers than parts."""
    first, last = outgoing()
    usable = max(range(FIRST, first), range(max(FIRST, last + 1), LAST + 1), key=len)
    if len(usable) < PER_WORKER:
        usable = range(FIRST, LAST + 1)
    parts = len(usable) // PER_WORKER
    begin = usable.start + PER_WORKER * (worker_number(worker) % parts)
    return range(begin, begin + PER_WORKER)


def free_port() -> int:
    """Return the next port of this worker that can be bound. Previously returned ports are tried after all others."""
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
    """Return whether a server accepts connections on the port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _lock(port: int) -> bool:
    """Lock the port until this process ends; return whether that succeeded."""
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
