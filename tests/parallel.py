"""A pytest plugin, loaded before Django's settings: each worker of pytest-xdist has Redis keys and channels of its own.

Its own database comes from `tests/conftest.py`, its ports from `tests/harness/ports.py`.
"""

import os
from urllib.parse import urlsplit

from tests.harness.ports import worker_number

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
"""`gw0`, `gw1` …; empty in a run without workers."""
NUMBERS = 16
"""How many numbers Redis has by default."""


def moved(url: str, worker: str) -> str:
    """The same Redis with another number: one more than in `url` for the first worker, two more for the second."""
    parts = urlsplit(url)
    number = int(parts.path.strip("/") or 0) + worker_number(worker)
    return parts._replace(path=f"/{number % NUMBERS}").geturl()


def separate(environment: dict[str, str], worker: str) -> dict[str, str]:
    """The variables that a worker sets. The number separates keys; the prefix separates pub/sub channels, which all
    numbers share."""
    urls = {name: environment[name] for name in ("REDIS_URL", "TEST_REDIS_URL") if environment.get(name)}
    prefix = f"{environment.get('REDIS_PREFIX', 'stoory')}-{worker}"
    return {name: moved(url, worker) for name, url in urls.items()} | {"REDIS_PREFIX": prefix}


if WORKER:
    os.environ.update(separate(dict(os.environ), WORKER))
