"""Waits for servers that were started in a terminal."""

import time

from tests.harness.processes import START_SECONDS
from tests.harness.servers import responds


def wait_until_ready(url: str) -> None:
    """Wait until a GET returns 200. Raises `TimeoutError`."""
    give_up = time.monotonic() + START_SECONDS
    while not responds(url):
        if time.monotonic() > give_up:
            raise TimeoutError(f"{url} is not ready.")
        time.sleep(0.1)
