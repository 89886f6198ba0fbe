"""Work that arrives together is done together; one piece alone waits for nobody."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from realtime.database import in_database

T = TypeVar("T")
R = TypeVar("R")

MOST = 256


class Batcher(Generic[T, R]):
    """Gives everything that was submitted since the last time to `work(items)`, in a database thread; `at_once` such
    batches may be at work at the same time.

    `work` answers with a result for each item, in their order; an exception among them is raised to the one who
    submitted that item. What `work` itself raises is raised to all of them.
    """

    def __init__(
        self, work: Callable[[list[T]], Sequence[R | Exception]], *, most: int = MOST, at_once: int = 1
    ) -> None:
        self._work, self._most, self._at_once = work, most, at_once
        self._waiting: deque[tuple[T, asyncio.Future[R]]] = deque()
        self._workers: set[asyncio.Task[None]] = set()

    async def submit(self, item: T) -> R:
        return await self.put(item)

    def put(self, item: T) -> asyncio.Future[R]:
        """The result, to be awaited: what is put without an await in between is done together."""
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if len(self._workers) < self._at_once:
            self._workers.add(asyncio.create_task(self._run()))
        return future

    async def _run(self) -> None:
        try:
            await self._work_off()
        finally:
            self._workers.discard(asyncio.current_task())

    async def _work_off(self) -> None:
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]
            try:
                results = await in_database(self._work, [item for item, _ in batch])
            except Exception as fault:
                results = [fault] * len(batch)
            for (_, future), result in zip(batch, results, strict=True):
                if future.done():  # who submitted it has gone
                    continue
                if isinstance(result, Exception):
                    future.set_exception(result)
                else:
                    future.set_result(result)
