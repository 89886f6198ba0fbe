"""A pytest plugin, loaded before Django's settings: each worker of pytest-xdist has Redis keys and channels of its own.

A database of its own it gets in `tests/conftest.py`, ports in `tests/harness/ports.py`.
"""

import os
from urllib.parse import urlsplit

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
"""`gw0`, `gw1` …; empty in a run without workers."""
NUMBERS = 16
"""How many numbers a Redis has unless it is told otherwise."""


def moved(url: str, worker: str) -> str:
    """The address of the number of this worker: that of the address itself for the first, the next for the second."""
    parts = urlsplit(url)
    number = int(parts.path.strip("/") or 0) + int(worker.removeprefix("gw"))
    return parts._replace(path=f"/{number % NUMBERS}").geturl()


def separate(environment: dict[str, str], worker: str) -> dict[str, str]:
    """What a worker changes in its environment. A number keeps keys apart; pub/sub has channels across all numbers, so
    there is a prefix, too."""
    urls = {name: environment[name] for name in ("REDIS_URL", "TEST_REDIS_URL") if environment.get(name)}
    prefix = f"{environment.get('REDIS_PREFIX', 'stoory')}-{worker}"
    return {name: moved(url, worker) for name, url in urls.items()} | {"REDIS_PREFIX": prefix}


if WORKER:
    os.environ.update(separate(dict(os.environ), WORKER))
