"""The background tasks of this process: coroutines that run once or periodically."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import structlog

log = structlog.get_logger(__name__)


class BackgroundTasks:
    """Tasks of the event loop. They are referenced here until they end, because the loop keeps no strong references."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run a coroutine as a new task, and return the task."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def run_every(self, seconds: float, work: Callable[[], Awaitable[Any]]) -> None:
        """Run `work` repeatedly, with a pause of `seconds` after each run. Errors are logged."""
        self.spawn(_run_every(seconds, work))

    async def cancel(self) -> None:
        """Cancel all tasks and wait for their end."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _run_every(seconds: float, work: Callable[[], Awaitable[Any]]) -> None:
    # Processes that started at the same time must not run the work at the same time.
    await asyncio.sleep(random.uniform(0, seconds))  # noqa: S311
    while True:
        await log_errors(work())
        await asyncio.sleep(seconds)


async def log_errors(work: Awaitable[Any]) -> Any:
    """Return the result of `work`. If it fails, log the error and return None."""
    try:
        return await work
    except Exception as error:  # the next run tries again
        log.warning("background_task_failed", error=type(error).__name__)
