"""Asking payment providers, which may be slow or away: only who asks waits for the answer.

A provider is called in a thread kept for that, for a limited time, and never from inside a transaction.
"""

import asyncio
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from django.conf import settings
from django.db import connection

from conversations.payments.provider import ProviderFailed
from realtime.publishing import in_unit_of_work

T = TypeVar("T")

MOST = 64
"""Calls that may be under way or waiting for a thread. A provider that is away is not asked by a growing crowd."""


class Line:
    """Calls to providers, `threads` at a time. Calls with the same key at the same time are one call.

    Where there is no answer within `PAYMENT_PROVIDER_SECONDS`, or too many wait already, `ProviderFailed` is raised.
    A call that nobody waits for any more goes on; its answer is dropped.
    """

    def __init__(self, threads: int, most: int = MOST) -> None:
        self._threads = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="payments")
        self._most = most
        self._waiting = threading.BoundedSemaphore(threads)
        """Threads that wait: fewer than there are for requests, so that others are answered meanwhile."""
        self._under_way: dict[Hashable, Future[Any]] = {}
        self._guard = threading.Lock()

    def ask(self, key: Hashable, question: Callable[[], T]) -> T:
        """The answer, for which this thread waits. It gives its connection to the database back for that time."""
        if not self._waiting.acquire(blocking=False):
            raise ProviderFailed("too many wait for an answer")
        try:
            if not connection.in_atomic_block:  # where it is, the transaction is a test's, or refused below
                connection.close()
            return self._begun(key, question).result(settings.PAYMENT_PROVIDER_SECONDS)
        except TimeoutError:
            raise ProviderFailed("no answer in time") from None
        finally:
            self._waiting.release()

    async def aask(self, key: Hashable, question: Callable[[], T]) -> T:
        """The answer, for which only this coroutine waits."""
        answer = asyncio.wrap_future(self._begun(key, question))
        await asyncio.wait([answer], timeout=settings.PAYMENT_PROVIDER_SECONDS)
        if not answer.done():
            answer.add_done_callback(asyncio.Future.exception)  # or asyncio would complain that nobody looked at it
            raise ProviderFailed("no answer in time")
        return answer.result()

    def _begun(self, key: Hashable, question: Callable[[], T]) -> Future[T]:
        if in_unit_of_work():
            raise RuntimeError("Payment providers are asked outside of transactions.")
        with self._guard:
            call = self._under_way.get(key)
            if call is not None and not call.done():
                return call
            if len(self._under_way) >= self._most:
                raise ProviderFailed("too many calls are under way")
            call = self._under_way[key] = self._threads.submit(question)
        call.add_done_callback(partial(self._ended, key))
        return call

    def _ended(self, key: Hashable, call: Future[Any]) -> None:
        with self._guard:
            if self._under_way.get(key) is call:
                del self._under_way[key]


line = Line(settings.WORKER_THREADS)
