"""Work that arrives together is done together; one piece alone waits for nobody."""

import asyncio
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from foundation.database.executor import begin_in_database

T = TypeVar("T")
R = TypeVar("R")

MOST = 256
ENOUGH = 32
"""Items beside which the cost of a batch by itself does not matter."""
PATIENCE = 0.02
"""Seconds for which a few items wait for others, or for the batch at work to end, before they go by themselves."""


@dataclass(slots=True)
class _Wish(Generic[T, R]):
    item: T
    key: Hashable | None
    future: asyncio.Future[R]


class Batcher(Generic[T, R]):
    """Gives everything that was submitted since the last time to `work(items)`, in a database thread; `at_once` such
    batches may be at work at the same time. Each costs something by itself, so another one begins only when as many
    items wait as are at work, or `ENOUGH`, or when they have waited for `PATIENCE`.

    Of items with the same key (`by`; None is no key) none is in two batches at once: the second batch would only wait
    for what the first one has locked. They keep their order.

    `work` answers with a result for each item, in their order; an exception among them is raised to the one who
    submitted that item. What `work` itself raises is raised to all of them.
    """

    def __init__(
        self,
        work: Callable[[list[T]], Sequence[R | Exception]],
        *,
        most: int = MOST,
        at_once: int = 1,
        apart: float = 0.0,
        by: Callable[[T], Hashable | None] = lambda item: None,
    ) -> None:
        self._work, self._most, self._at_once, self._apart, self._by = work, most, at_once, apart, by
        self._waiting: deque[_Wish[T, R]] = deque()
        self._busy: set[Hashable] = set()
        self._at_work = 0
        self._timer: asyncio.TimerHandle | None = None
        self._batches = 0
        """That are at work, or about to begin."""
        self._next_at = 0.0

    def submit(self, item: T) -> asyncio.Future[R]:
        """The result, to be awaited: what is submitted without an await in between is done together."""
        wish = _Wish(item, self._by(item), asyncio.get_running_loop().create_future())
        self._waiting.append(wish)
        if wish.key not in self._busy:
            self._call_worker()
        return wish.future

    def _call_worker(self) -> None:
        if len(self._waiting) >= min(self._at_work, ENOUGH):
            self._begin()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(PATIENCE, self._lose_patience)

    def _lose_patience(self) -> None:
        self._timer = None
        if self._waiting:
            self._begin()

    def _begin(self) -> None:
        if self._batches < self._at_once:
            self._batches += 1
            loop = asyncio.get_running_loop()
            # Not at once: what is submitted without an await in between is done together.
            loop.call_later(max(0.0, self._next_at - loop.time()), self._carry_out)

    def _carry_out(self) -> None:
        batch = self._next()
        if not batch:
            self._batches -= 1
            return
        self._next_at = asyncio.get_running_loop().time() + self._apart
        self._busy |= {wish.key for wish in batch} - {None}
        self._at_work += len(batch)
        begin_in_database(partial(self._work, [wish.item for wish in batch]), partial(self._settle, batch))

    def _next(self) -> list[_Wish[T, R]]:
        """What has waited longest and may be done now."""
        batch: list[_Wish[T, R]] = []
        held_up: list[_Wish[T, R]] = []
        while self._waiting and len(batch) < self._most:
            wish = self._waiting.popleft()
            (held_up if wish.key in self._busy else batch).append(wish)
        self._waiting.extendleft(reversed(held_up))
        return batch

    def _settle(
        self, batch: list[_Wish[T, R]], results: Sequence[R | BaseException] | None, fault: BaseException | None
    ) -> None:
        self._busy -= {wish.key for wish in batch}
        self._at_work -= len(batch)
        self._batches -= 1
        if fault is not None:
            results = [fault] * len(batch)
        assert results is not None
        for wish, result in zip(batch, results, strict=True):
            if wish.future.done():  # who submitted it has gone
                continue
            if isinstance(result, BaseException):
                wish.future.set_exception(result)
            else:
                wish.future.set_result(result)
        # What is held up by another batch waits for the end of that one.
        if self._waiting:
            self._call_worker()


WRITES_MOST = 64
"""Items of a batch that writes. If one batch took all that come, Python and PostgreSQL would wait for each other in
turn."""
WRITES_AT_ONCE = 3
"""Batches of one kind at work: while PostgreSQL is busy with some, the next is made."""


def write_batcher(
    work: Callable[[list[T]], Sequence[R | Exception]], *, by: Callable[[T], Hashable | None]
) -> Batcher[T, R]:
    """A `Batcher` for work that writes what `by` names."""
    return Batcher(work, most=WRITES_MOST, at_once=WRITES_AT_ONCE, by=by)
