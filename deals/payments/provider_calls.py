"""Calls to payment providers, which may be slow or unreachable.

A call runs in a thread of a pool of its own and never inside a transaction. Only its caller waits for it, for a limited
time.
"""

import asyncio
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from django.conf import settings
from django.db import connection

from deals.payments.provider import ProviderFailed
from realtime import in_unit_of_work

T = TypeVar("T")

MAX_CALLS = 64
"""Calls that may be running or waiting for a thread, so that an unreachable provider does not pile them up."""


class ProviderCalls:
    """Runs calls to providers, `threads` at a time. Callers with the same key at the same time share one call.

    Raises `ProviderFailed` where there is no answer within `PAYMENT_PROVIDER_SECONDS`, or where too many wait already.
    A call that nobody waits for any more runs on, and its result is dropped.
    """

    def __init__(self, threads: int, max_calls: int = MAX_CALLS) -> None:
        self._threads = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="payments")
        self._max_calls = max_calls
        self._waiting = threading.BoundedSemaphore(threads)
        """Callers that block their thread: fewer than there are threads for requests, so that others are served."""
        self._running: dict[Hashable, Future[Any]] = {}
        self._guard = threading.Lock()

    def call(self, key: Hashable, function: Callable[[], T]) -> T:
        """Block this thread until `function` has returned; its database connection goes back to the pool meanwhile."""
        if not self._waiting.acquire(blocking=False):
            raise ProviderFailed("too many wait for an answer")
        try:
            if not connection.in_atomic_block:  # where it is, the transaction is a test's, or refused below
                connection.close()
            return self._start(key, function).result(settings.PAYMENT_PROVIDER_SECONDS)
        except TimeoutError:
            raise ProviderFailed("no answer in time") from None
        finally:
            self._waiting.release()

    async def acall(self, key: Hashable, function: Callable[[], T]) -> T:
        """As `call`, but only this coroutine waits."""
        answer = asyncio.wrap_future(self._start(key, function))
        # Nobody may be left to read it, after a timeout or a cancellation: asyncio would log that as an error.
        answer.add_done_callback(asyncio.Future.exception)
        await asyncio.wait([answer], timeout=settings.PAYMENT_PROVIDER_SECONDS)
        if not answer.done():
            raise ProviderFailed("no answer in time")
        return answer.result()

    def _start(self, key: Hashable, function: Callable[[], T]) -> Future[T]:
        if in_unit_of_work():
            raise RuntimeError("Payment providers are asked outside of transactions.")
        with self._guard:
            call = self._running.get(key)
            if call is not None and not call.done():
                return call
            if len(self._running) >= self._max_calls:
                raise ProviderFailed("too many calls are under way")
            call = self._running[key] = self._threads.submit(function)
        call.add_done_callback(partial(self._finish, key))
        return call

    def _finish(self, key: Hashable, call: Future[Any]) -> None:
        with self._guard:
            if self._running.get(key) is call:
                del self._running[key]


provider_calls = ProviderCalls(settings.WORKER_THREADS)
