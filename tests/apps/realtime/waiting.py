"""Waiting for a condition that other tasks or threads meet."""

import asyncio
from collections.abc import Callable


async def eventually(holds: Callable[[], bool]) -> None:
    """Wait until a condition holds. Raises `AssertionError` after 30 seconds."""
    for _ in range(3000):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("The condition was not met in time.")
