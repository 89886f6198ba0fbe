"""A pool of threads that keep their database connection from one piece of work to the next.

`WORKER_THREADS` says how many there are, `DATABASE_POOL` how many connections a process has.
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

log = structlog.get_logger(__name__)

IDLE_SECONDS = 0.1
"""Seconds for which an idle thread keeps its connection."""

Work = Callable[[], None]


class DatabaseThreads:
    """At most `max_threads`. A thread takes a connection from the pool once, for many pieces of work, and gives it back
    when it has been idle (ADR 17)."""

    def __init__(self, max_threads: int) -> None:
        self._threads = ThreadPoolExecutor(max_workers=max_threads, thread_name_prefix="database")
        self._max_threads = max_threads
        self._waiting: deque[Work] = deque()
        # Not a SimpleQueue: in CPython its `get` with a timeout waits for ever if another thread takes the item that
        # woke it and the time is up meanwhile.
        self._ready = threading.Condition()
        self._running = self._idle = 0
        """Threads that are running, and those of them that wait for work."""

    def submit(self, work: Work) -> None:
        """Run `work`, which raises nothing, in one of the threads."""
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
        """The work that has waited longest, or None after `IDLE_SECONDS` without any: then this thread ends."""
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
    """Close a connection that had errors, or that the server has closed in the meantime."""
    connection = database.connection
    if connection is not None and (database.errors_occurred or (is_postgresql() and not is_open(connection))):
        try:
            database.close()
        except Exception:  # it is gone all the same, and the work must still be done
            log.exception("connection_close_failed")
