"""Where coroutines meet the database: whole units of work, in a bounded pool of threads."""

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from django.conf import settings
from django.db import close_old_connections

P = ParamSpec("P")
T = TypeVar("T")

_threads = ThreadPoolExecutor(max_workers=settings.WORKER_THREADS, thread_name_prefix="database")


def _with_fresh_connection(work: Callable[[], T]) -> T:
    # Outside of a request nobody else asks whether the connection still lives.
    close_old_connections()
    try:
        return work()
    finally:
        close_old_connections()


async def in_database(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run one whole unit of work, its transaction included, in a database thread."""
    context = contextvars.copy_context()
    call = partial(context.run, _with_fresh_connection, partial(work, *args, **kwargs))
    return await asyncio.get_running_loop().run_in_executor(_threads, call)
