"""A pytest plugin, loaded before Django's settings: each worker of pytest-xdist has Redis keys and channels of its own.

A database of its own it gets in `tests/conftest.py`, ports in `tests/harness/ports.py`.
"""

import os

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
"""`gw0`, `gw1` …; empty in a run without workers."""

if WORKER:
    # A prefix, since the numbers of Redis keep keys apart but not the channels of pub/sub.
    os.environ["REDIS_PREFIX"] = f"{os.environ.get('REDIS_PREFIX', 'stoory')}-{WORKER}"
