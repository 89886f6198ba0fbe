"""Waiting for conditions that other processes, threads or tasks meet."""

import asyncio
import time
from collections.abc import Callable

PATIENCE = 30
"""Seconds after which a condition counts as not met."""


def wait_until(condition: Callable[[], object], state: Callable[[], object] = str) -> None:
    """Block until the condition holds. Raises `AssertionError` with `state()` after 30 seconds."""
    give_up = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < give_up, state()
        time.sleep(0.02)


async def eventually(condition: Callable[[], object]) -> None:
    """Wait until the condition holds. Raises `TimeoutError` after 30 seconds."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
