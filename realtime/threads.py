"""Threads that keep their connection to the database from one piece of work to the next."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue

from django.db import DEFAULT_DB_ALIAS, close_old_connections, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from foundation.pipeline import is_postgresql
from foundation.postgresql.base import is_open

KEPT_SECONDS = 0.1
"""How long a thread keeps its connection for work that may come."""

Work = Callable[[], None]


class Threads:
    """At most so many. One to which no work comes gives its connection back: it is a thread's own for as long as it is
    in use, and not taken from the pool for each piece of work (ADR 17)."""

    def __init__(self, most: int) -> None:
        self._threads = ThreadPoolExecutor(max_workers=most, thread_name_prefix="database")
        self._most = most
        self._waiting: SimpleQueue[Work] = SimpleQueue()
        self._lock = threading.Lock()
        self._unfinished = 0
        """Works that have not ended, those that have not begun included."""
        self._running = 0
        """Threads that take works, or wait for some."""

    def begin(self, work: Work) -> None:
        """Have `work`, which raises nothing, done in one of the threads."""
        with self._lock:
            self._waiting.put(work)
            self._unfinished += 1
            is_taken = self._unfinished <= self._running or self._running == self._most
            self._running += not is_taken
        if not is_taken:
            self._threads.submit(self._go_on)

    def _go_on(self) -> None:
        database = connections[DEFAULT_DB_ALIAS]
        try:
            while work := self._next():
                _let_go_of_unfit(database)
                work()
                with self._lock:
                    self._unfinished -= 1
        finally:
            close_old_connections()

    def _next(self) -> Work | None:
        while True:
            try:
                return self._waiting.get(timeout=KEPT_SECONDS)
            except Empty:
                with self._lock:
                    if self._waiting.empty():
                        self._running -= 1
                        return None


def _let_go_of_unfit(database: BaseDatabaseWrapper) -> None:
    """Of a connection with which something went wrong, or that the server has closed in the meantime."""
    lent = database.connection
    if lent is not None and (database.errors_occurred or (is_postgresql() and not is_open(lent))):
        database.close()
