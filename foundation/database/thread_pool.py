"""Threads that keep their connection to the database from one piece of work to the next."""

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

KEPT_SECONDS = 0.1
"""How long a thread keeps its connection for work that may come."""

Work = Callable[[], None]


class Threads:
    """At most so many. One to which no work comes gives its connection back: it is a thread's own for as long as it is
    in use, and not taken from the pool for each piece of work (ADR 17)."""

    def __init__(self, most: int) -> None:
        self._threads = ThreadPoolExecutor(max_workers=most, thread_name_prefix="database")
        self._most = most
        self._waiting: deque[Work] = deque()
        # Not a SimpleQueue: of CPython's, `get` with a timeout waits for ever where another thread takes what it was
        # woken for and the time is up meanwhile.
        self._ready = threading.Condition()
        self._running = self._idle = 0
        """Threads that take works, and those of them that wait for some."""

    def begin(self, work: Work) -> None:
        """Have `work`, which raises nothing, done in one of the threads."""
        with self._ready:
            self._waiting.append(work)
            self._ready.notify()
            is_short = len(self._waiting) > self._idle and self._running < self._most
            self._running += is_short
        if is_short:
            self._threads.submit(self._go_on)

    def _go_on(self) -> None:
        database = connections[DEFAULT_DB_ALIAS]
        try:
            while work := self._next():
                _let_go_of_unfit(database)
                work()
        finally:
            close_old_connections()

    def _next(self) -> Work | None:
        """What has waited longest, or None when nothing comes: then this thread is not counted any more."""
        with self._ready:
            self._idle += 1
            while not self._waiting and self._ready.wait(KEPT_SECONDS):
                pass
            self._idle -= 1
            if self._waiting:
                return self._waiting.popleft()
            self._running -= 1
            return None


def _let_go_of_unfit(database: BaseDatabaseWrapper) -> None:
    """Of a connection with which something went wrong, or that the server has closed in the meantime."""
    lent = database.connection
    if lent is not None and (database.errors_occurred or (is_postgresql() and not is_open(lent))):
        try:
            database.close()
        except Exception:  # it is gone all the same, and the work is still to be done
            log.exception("connection_close_failed")
