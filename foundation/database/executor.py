"""Database access for coroutines: they run whole units of work in a bounded pool of threads."""

import asyncio
import contextlib
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from django.conf import settings
from django.db import close_old_connections

from foundation.database.thread_pool import DatabaseThreads

P = ParamSpec("P")
T = TypeVar("T")

_threads = DatabaseThreads(settings.WORKER_THREADS)
_requests = ThreadPoolExecutor(max_workers=settings.WORKER_THREADS + 4, thread_name_prefix="request")
"""Separate threads for HTTP requests, so that sockets never wait for slow requests."""

_deferred: contextvars.ContextVar[list[Callable[[], None]] | None] = contextvars.ContextVar("afterwards", default=None)


async def in_database(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a whole unit of work, including its transaction, in a database thread. Returns its result or raises its
    exception."""
    future = asyncio.get_running_loop().create_future()

    def done(result: "T | None", error: "BaseException | None") -> None:
        if future.done():  # the caller was cancelled
            return
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)

    submit_to_database(partial(work, *args, **kwargs), done)
    return await future


def submit_to_database(work: Callable[[], T], done: Callable[[T | None, BaseException | None], None]) -> None:
    """Like `in_database`, but call `done(result, error)` in the event loop instead of returning the result.

    The calls that the work has deferred with `after_result` follow immediately. The acknowledgement to a client and the
    events that it receives are thus sent in one write.
    """
    loop, context = asyncio.get_running_loop(), contextvars.copy_context()
    deferred: list[Callable[[], None]] = []

    def run() -> None:
        _deferred.set(deferred)
        result = error = None
        try:
            result = work()
        except BaseException as exception:
            error = exception
        with contextlib.suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(finish, result, error, context=context)

    # The annotations are quoted, because they would be evaluated at each call.
    def finish(result: "T | None", error: "BaseException | None") -> None:
        try:
            done(result, error)
        finally:
            for call in deferred:
                call()

    _threads.submit(partial(context.copy().run, run))


def after_result(call: Callable[[], None]) -> bool:
    """Defer a call until the result of the work in this thread was delivered. Return False if no work is running."""
    deferred = _deferred.get()
    if deferred is None:
        return False
    deferred.append(call)
    return True


async def in_request(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run the work of one HTTP request in a thread for requests. Returns its result or raises its exception.

    If cancelled, it still waits for work that has started, because the work uses the request's resources.
    """
    job = _requests.submit(contextvars.copy_context().run, _with_own_connection, partial(work, *args, **kwargs))
    result = asyncio.wrap_future(job)
    try:
        return await asyncio.shield(result)
    except asyncio.CancelledError:
        if not job.cancel():
            await asyncio.wait([result])
        raise


def _with_own_connection(work: Callable[[], T]) -> T:
    """Run the work, and close its database connection at the end."""
    try:
        return work()
    finally:
        close_old_connections()
