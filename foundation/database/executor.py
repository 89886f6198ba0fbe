"""How coroutines use the database: they run whole units of work in a bounded pool of threads."""

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
"""Threads for HTTP requests are apart: however long these wait, no socket waits for them."""

_deferred: contextvars.ContextVar[list[Callable[[], None]] | None] = contextvars.ContextVar("afterwards", default=None)


async def in_database(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run one whole unit of work, its transaction included, in a database thread."""
    future = asyncio.get_running_loop().create_future()

    def done(result: "T | None", error: "BaseException | None") -> None:
        if future.done():  # nobody waits for it any more
            return
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)

    submit_to_database(partial(work, *args, **kwargs), done)
    return await future


def submit_to_database(work: Callable[[], T], done: Callable[[T | None, BaseException | None], None]) -> None:
    """As `in_database`, with `done(result, error)` called in the event loop instead.

    What the work has deferred with `after_result` is called right after that, so that the answer to a client and the
    events that it receives leave in one write.
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

    # Quoted, for annotations are evaluated at each call.
    def finish(result: "T | None", error: "BaseException | None") -> None:
        try:
            done(result, error)
        finally:
            for call in deferred:
                call()

    _threads.submit(partial(context.copy().run, run))


def after_result(call: Callable[[], None]) -> bool:
    """Defer a call until the result of the work that runs in this thread is delivered. False outside of such work."""
    deferred = _deferred.get()
    if deferred is None:
        return False
    deferred.append(call)
    return True


async def in_request(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Answer one whole HTTP request in a thread for requests. When cancelled, it still waits for work that has begun:
    what the request holds is in use until then."""
    job = _requests.submit(contextvars.copy_context().run, _with_own_connection, partial(work, *args, **kwargs))
    result = asyncio.wrap_future(job)
    try:
        return await asyncio.shield(result)
    except asyncio.CancelledError:
        if not job.cancel():
            await asyncio.wait([result])
        raise


def _with_own_connection(work: Callable[[], T]) -> T:
    """Run with a connection of its own, if it needs one, and close that at the end."""
    try:
        return work()
    finally:
        close_old_connections()
