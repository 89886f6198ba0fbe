"""Batches: items that are submitted together are handled in one call. A single item does not wait."""

import asyncio
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from foundation.database.executor import submit_to_database

T = TypeVar("T")
R = TypeVar("R")
E = TypeVar("E", bound=Exception)

MAX_BATCH_SIZE = 256
ENOUGH_FOR_A_BATCH = 32
"""Number of waiting items that starts a batch. With this many items, the cost of the batch itself is negligible."""
MAX_WAIT = 0.02
"""Seconds for which a few items wait for more items, or for the end of the running batch, before their batch starts."""


@dataclass(slots=True)
class _Submission(Generic[T, R]):
    item: T
    key: Hashable | None
    future: asyncio.Future[R]


class Batcher(Generic[T, R]):
    """Calls `work(items)` in a database thread with all items that were submitted since the last call.

    At most `concurrency` batches run at the same time. A batch has at most `max_size` items, and starts at least
    `interval` seconds after the previous batch. Each batch has a fixed cost. The next batch therefore starts only when
    at least as many items wait as are in progress, when `ENOUGH_FOR_A_BATCH` items wait, or after `MAX_WAIT`.

    Items with the same `key(item)` are never in two running batches, because the second batch would only wait for the
    locks of the first. They keep their order. Items with the key None are independent.

    `work` returns one result for each item, in the same order. If a result is an exception, it is raised to the caller
    that submitted the item. If `work` itself raises an exception, it is raised to all callers of the batch.
    """

    def __init__(
        self,
        work: Callable[[list[T]], Sequence[R | Exception]],
        *,
        max_size: int = MAX_BATCH_SIZE,
        concurrency: int = 1,
        interval: float = 0.0,
        key: Callable[[T], Hashable | None] = lambda item: None,
    ) -> None:
        self._work, self._key = work, key
        self._max_size, self._concurrency, self._interval = max_size, concurrency, interval
        self._waiting: deque[_Submission[T, R]] = deque()
        self._busy: set[Hashable] = set()
        self._in_progress = 0
        self._timer: asyncio.TimerHandle | None = None
        self._batches = 0
        """Number of batches that are running or scheduled."""
        self._next_batch_at = 0.0

    def submit(self, item: T) -> asyncio.Future[R]:
        """Submit an item, and return a future of its result. Items submitted without an `await` between them share a
        batch."""
        submission = _Submission(item, self._key(item), asyncio.get_running_loop().create_future())
        self._waiting.append(submission)
        if submission.key not in self._busy:
            self._start_batch()
        return submission.future

    def _start_batch(self) -> None:
        if len(self._waiting) >= min(self._in_progress, ENOUGH_FOR_A_BATCH):
            self._schedule_batch()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(MAX_WAIT, self._stop_waiting)

    def _stop_waiting(self) -> None:
        self._timer = None
        if self._waiting:
            self._schedule_batch()

    def _schedule_batch(self) -> None:
        if self._batches < self._concurrency:
            self._batches += 1
            loop = asyncio.get_running_loop()
            # Start later, so that items that are submitted without an `await` between them share a batch.
            loop.call_later(max(0.0, self._next_batch_at - loop.time()), self._run_batch)

    def _run_batch(self) -> None:
        batch = self._next_batch()
        if not batch:
            self._batches -= 1
            return
        self._next_batch_at = asyncio.get_running_loop().time() + self._interval
        self._busy |= {submission.key for submission in batch} - {None}
        self._in_progress += len(batch)
        submit_to_database(
            partial(self._work, [submission.item for submission in batch]), partial(self._finish_batch, batch)
        )

    def _next_batch(self) -> list[_Submission[T, R]]:
        """Return the items that have waited longest and whose key is not in a running batch."""
        batch: list[_Submission[T, R]] = []
        blocked: list[_Submission[T, R]] = []
        while self._waiting and len(batch) < self._max_size:
            submission = self._waiting.popleft()
            (blocked if submission.key in self._busy else batch).append(submission)
        self._waiting.extendleft(reversed(blocked))
        return batch

    def _finish_batch(
        self, batch: list[_Submission[T, R]], results: Sequence[R | BaseException] | None, error: BaseException | None
    ) -> None:
        self._busy -= {submission.key for submission in batch}
        self._in_progress -= len(batch)
        self._batches -= 1
        if error is not None:
            results = [error] * len(batch)
        assert results is not None
        for submission, result in zip(batch, results, strict=True):
            if submission.future.done():  # the caller was cancelled
                continue
            if isinstance(result, BaseException):
                submission.future.set_exception(result)
            else:
                submission.future.set_result(result)
        # Items with a key of this batch waited for the batch to end.
        if self._waiting:
            self._start_batch()


def apply_to_valid(work: Callable[[list[T]], Iterable[R]], items: Sequence[T | E]) -> list[R | E]:
    """Call `work` once with the items that are not exceptions. Return the list of items with each replaced by its
    result; exceptions keep their places. `work` is not called if all items are exceptions."""
    valid = [one for one in items if not isinstance(one, Exception)]
    results = iter(work(valid) if valid else ())
    return [one if isinstance(one, Exception) else next(results) for one in items]  # type: ignore[misc]  # no T is one


WRITE_BATCH_SIZE = 64
"""Maximum items of a batch that writes. If one batch took all items, either Python or PostgreSQL would be idle."""
WRITE_CONCURRENCY = 3
"""Number of batches of one kind that run at the same time: while PostgreSQL runs two batches, Python prepares the next
batch."""


def write_batcher(
    work: Callable[[list[T]], Sequence[R | Exception]], *, key: Callable[[T], Hashable | None]
) -> Batcher[T, R]:
    """Return a `Batcher` for work that writes rows. `key(item)` identifies the rows that an item locks."""
    return Batcher(work, max_size=WRITE_BATCH_SIZE, concurrency=WRITE_CONCURRENCY, key=key)
