"""Where coroutines meet the database: whole units of work, in a bounded pool of threads."""

import asyncio
import contextlib
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from django.conf import settings
from django.db import close_old_connections

from foundation.database.thread_pool import Threads

P = ParamSpec("P")
T = TypeVar("T")

_threads = Threads(settings.WORKER_THREADS)
_requests = ThreadPoolExecutor(max_workers=settings.WORKER_THREADS + 4, thread_name_prefix="request")
"""Apart from the others: requests that wait, for the database or for somebody else, keep no socket waiting."""

_afterwards: contextvars.ContextVar[list[Callable[[], None]] | None] = contextvars.ContextVar(
    "afterwards", default=None
)


async def in_database(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run one whole unit of work, its transaction included, in a database thread."""
    answered = asyncio.get_running_loop().create_future()

    def done(answer: "T | None", fault: "BaseException | None") -> None:
        if answered.done():  # who waited has gone
            return
        if fault is None:
            answered.set_result(answer)
        else:
            answered.set_exception(fault)

    begin_in_database(partial(work, *args, **kwargs), done)
    return await answered


def begin_in_database(work: Callable[[], T], done: Callable[[T | None, BaseException | None], None]) -> None:
    """As `in_database`, and have `done(answer, fault)` called in the event loop.

    What the work has put off by `at_answer` is called right after that. So who waits for the answer and hears of what
    was done as well is written to once.
    """
    loop, context = asyncio.get_running_loop(), contextvars.copy_context()
    afterwards: list[Callable[[], None]] = []

    def carry_out() -> None:
        _afterwards.set(afterwards)
        answer = fault = None
        try:
            answer = work()
        except BaseException as raised:
            fault = raised
        with contextlib.suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(settle, answer, fault, context=context)

    # Quoted, for types are put together anew at each call.
    def settle(answer: "T | None", fault: "BaseException | None") -> None:
        try:
            done(answer, fault)
        finally:
            for call in afterwards:
                call()

    _threads.begin(partial(context.copy().run, carry_out))


def at_answer(call: Callable[[], None]) -> bool:
    """Put something off until what `begin_in_database` has begun in this thread is answered. False where nothing is."""
    afterwards = _afterwards.get()
    if afterwards is None:
        return False
    afterwards.append(call)
    return True


async def in_request(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Answer one whole HTTP request, in a thread for requests. Cancelled, it waits for an answer that is being made
    already: what the request holds is in use until then."""
    job = _requests.submit(contextvars.copy_context().run, _with_a_connection, partial(work, *args, **kwargs))
    answer = asyncio.wrap_future(job)
    try:
        return await asyncio.shield(answer)
    except asyncio.CancelledError:
        if not job.cancel():
            await asyncio.wait([answer])
        raise


def _with_a_connection(work: Callable[[], T]) -> T:
    """Of its own, if it needs one, until it is done."""
    try:
        return work()
    finally:
        close_old_connections()
