"""Waiting for other processes by polling."""

import asyncio
import time
from collections.abc import Callable


async def wait_until(holds: Callable[[], bool], timeout: float = 60.0, every: float = 0.02) -> float:
    """Poll until `holds()` returns true. Return the seconds that this took. Raises `TimeoutError`."""
    begin = time.monotonic()
    async with asyncio.timeout(timeout):
        while not holds():
            await asyncio.sleep(every)
    return time.monotonic() - begin
