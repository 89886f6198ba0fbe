"""Calls to payment providers, which can be slow or unreachable.

Each call runs in a thread of a separate pool, never inside a transaction. Only its caller waits for it, for a limited
time.
"""

import asyncio
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from time import monotonic
from typing import Any, TypeVar

from django.conf import settings
from django.db import connection

from deals.payments.metrics import observe
from deals.payments.provider import ProviderFailed
from foundation.external_calls import check_nothing_is_held

T = TypeVar("T")

MAX_CALLS = 64
"""The maximum number of calls that run or wait for a thread. It bounds the queue while a provider is unreachable."""


class ProviderCalls:
    """A pool that runs up to `threads` calls to providers at the same time.

    Callers with the same key share a running call. `ProviderFailed` is raised if there is no response within
    `EXTERNAL_CALL_SECONDS`, or if too many callers wait. A call that times out continues, and its result is dropped.
    `HeldDuringCall` is raised inside a transaction or a batch.
    """

    def __init__(self, threads: int, max_calls: int = MAX_CALLS) -> None:
        self._threads = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="payments")
        self._max_calls = max_calls
        self._waiting = threading.BoundedSemaphore(threads)
        """Limits the callers that block their thread, so that threads are left for other requests."""
        self._running: dict[Hashable, Future[Any]] = {}
        self._guard = threading.Lock()

    def call(self, key: Hashable, function: Callable[[], T]) -> T:
        """Run `function` and block this thread until it returns. The database connection returns to its pool."""
        if not self._waiting.acquire(blocking=False):
            raise ProviderFailed("too many callers wait for a response")
        try:
            check_nothing_is_held()
            if not connection.in_atomic_block:  # the transaction of a test case
                connection.close()
            return self._start(key, function).result(settings.EXTERNAL_CALL_SECONDS)
        except TimeoutError:
            raise ProviderFailed("no response in time") from None
        finally:
            self._waiting.release()

    async def acall(self, key: Hashable, function: Callable[[], T]) -> T:
        """Run `function` as `call` does, but only this coroutine waits."""
        answer = asyncio.wrap_future(self._start(key, function))
        # After a timeout or cancellation nobody reads the exception, which asyncio would log as an error.
        answer.add_done_callback(asyncio.Future.exception)
        await asyncio.wait([answer], timeout=settings.EXTERNAL_CALL_SECONDS)
        if not answer.done():
            raise ProviderFailed("no response in time")
        return answer.result()

    def _start(self, key: Hashable, function: Callable[[], T]) -> Future[T]:
        check_nothing_is_held()
        with self._guard:
            call = self._running.get(key)
            if call is not None and not call.done():
                return call
            if len(self._running) >= self._max_calls:
                raise ProviderFailed("too many calls are running")
            call = self._running[key] = self._threads.submit(function)
        call.add_done_callback(partial(self._finish, key, monotonic()))
        return call

    def _finish(self, key: Hashable, began: float, call: Future[Any]) -> None:
        observe(call, began)
        with self._guard:
            if self._running.get(key) is call:
                del self._running[key]


provider_calls = ProviderCalls(settings.WORKER_THREADS)
