"""The background tasks of this process: coroutines that run beside the sockets, once or periodically."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import structlog

log = structlog.get_logger(__name__)


class BackgroundTasks:
    """Tasks of the event loop. Each is referenced here until it ends, for the loop itself keeps no reference."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run a coroutine as a task of its own."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def run_every(self, seconds: float, work: Callable[[], Awaitable[Any]]) -> None:
        """Run `work` again and again, with a pause of so many seconds in between. Errors are logged."""
        self.spawn(_run_every(seconds, work))

    async def cancel(self) -> None:
        """Cancel all tasks and wait for their end."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _run_every(seconds: float, work: Callable[[], Awaitable[Any]]) -> None:
    # Processes that were started at the same time must not do it at the same time.
    await asyncio.sleep(random.uniform(0, seconds))  # noqa: S311
    while True:
        await log_errors(work())
        await asyncio.sleep(seconds)


async def log_errors(work: Awaitable[Any]) -> Any:
    """The result of `work`, or None where it fails; the error is logged and goes no further."""
    try:
        return await work
    except Exception as error:  # the next run tries again
        log.warning("background_task_failed", error=type(error).__name__)
