"""Waiting for servers that a document has started."""

import time

import httpx

START_SECONDS = 120


def wait_until_ready(url: str) -> None:
    """Wait until this address answers 200. Raises after a long while."""
    give_up = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up:
        try:
            if httpx.get(url, timeout=START_SECONDS).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"{url} is not ready.")
