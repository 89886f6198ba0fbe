"""A pytest plugin, loaded before Django's settings, that assigns each pytest-xdist worker its own Redis keys and
channels.

`tests/conftest.py` creates a database for each worker, and `tests/harness/ports.py` assigns the ports.
"""

import os
from urllib.parse import urlsplit

from tests.harness.ports import worker_number

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
"""`gw0`, `gw1` …; empty in a run without workers."""
NUMBERS = 16
"""The default number of Redis databases."""


def moved(url: str, worker: str) -> str:
    """Return the URL with another database number: one higher for the first worker, two higher for the second."""
    parts = urlsplit(url)
    number = int(parts.path.strip("/") or 0) + worker_number(worker)
    return parts._replace(path=f"/{number % NUMBERS}").geturl()


def separate(environment: dict[str, str], worker: str) -> dict[str, str]:
    """Return the variables of a worker. The number separates keys; the prefix separates pub/sub channels, which all
    databases share."""
    urls = {name: environment[name] for name in ("REDIS_URL", "TEST_REDIS_URL") if environment.get(name)}
    prefix = f"{environment.get('REDIS_PREFIX', 'stoory')}-{worker}"
    return {name: moved(url, worker) for name, url in urls.items()} | {"REDIS_PREFIX": prefix}


if WORKER:
    os.environ.update(separate(dict(os.environ), WORKER))
