"""A pool of threads that keep their database connection between pieces of work.

The setting `WORKER_THREADS` is the number of threads, and `DATABASE_POOL` the number of connections of a process.
"""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import structlog
from django.db import DEFAULT_DB_ALIAS, close_old_connections, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from foundation.database.pipeline import is_postgresql
from foundation.database.postgresql.base import is_open
from foundation.external_calls import DATABASE_THREAD

log = structlog.get_logger(__name__)

IDLE_SECONDS = 0.1
"""Seconds for which an idle thread keeps its connection."""

Work = Callable[[], None]


class DatabaseThreads:
    """A pool of at most `max_threads` threads. A thread takes a connection from the connection pool once, for many
    pieces of work, and returns it when the thread has been idle for `IDLE_SECONDS` (ADR 17)."""

    def __init__(self, max_threads: int) -> None:
        self._threads = ThreadPoolExecutor(max_workers=max_threads, thread_name_prefix=DATABASE_THREAD)
        self._max_threads = max_threads
        self._waiting: deque[Work] = deque()
        # Not a SimpleQueue: in CPython, its `get` with a timeout can wait forever. This happens if another thread takes
        # the item that woke it and the timeout has passed.
        self._ready = threading.Condition()
        self._running = self._idle = 0
        """The number of running threads, and how many of them wait for work."""

    def submit(self, work: Work) -> None:
        """Run `work` in one of the threads. `work` must not raise exceptions."""
        with self._ready:
            self._waiting.append(work)
            self._ready.notify()
            is_short = len(self._waiting) > self._idle and self._running < self._max_threads
            self._running += is_short
        if is_short:
            self._threads.submit(self._run)

    def _run(self) -> None:
        database = connections[DEFAULT_DB_ALIAS]
        try:
            while work := self._next_work():
                _close_unusable(database)
                work()
        finally:
            close_old_connections()

    def _next_work(self) -> Work | None:
        """Return the work that has waited longest, or None after `IDLE_SECONDS` without work. The thread then ends."""
        with self._ready:
            self._idle += 1
            while not self._waiting and self._ready.wait(IDLE_SECONDS):
                pass
            self._idle -= 1
            if self._waiting:
                return self._waiting.popleft()
            self._running -= 1
            return None


def _close_unusable(database: BaseDatabaseWrapper) -> None:
    """Close a connection that had errors, or that the server has closed."""
    connection = database.connection
    if connection is not None and (database.errors_occurred or (is_postgresql() and not is_open(connection))):
        try:
            database.close()
        except Exception:  # the connection is unusable anyway, and the work must still run
            log.exception("connection_close_failed")
