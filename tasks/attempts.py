"""One attempt of a task, in a thread of its own, which can be interrupted."""

import ctypes
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import structlog
from django.db import connections
from django_tasks.base import TaskContext

from foundation.external_calls import check_nothing_is_held
from tasks.arguments import restored
from tasks.backend import result_of
from tasks.claims import LEASE, Claim
from tasks.errors import Interrupted, LeaseLost, TimeLimitExceeded
from tasks.outcomes import Outcome

LEASE_MARGIN = 5.0
"""Seconds before the end of a lease that was not renewed at which its attempt is interrupted."""
INTERRUPT_INTERVAL = 5.0
"""Seconds after which an attempt that did not end is interrupted again."""
STUCK_AFTER = 60.0
"""Seconds after the first interrupt at which an attempt counts as stuck."""


def call(claim: Claim) -> Any:
    """Call the function of a task in this thread. Raises what it raises, and `HeldDuringCall` in a transaction."""
    check_nothing_is_held()
    args, kwargs = restored(claim.stored.args)
    if claim.task.takes_context:
        args.insert(0, TaskContext(task_result=result_of(claim.stored, claim.task)))
    return claim.task.call(*args, **kwargs)


class Attempt:
    """A running attempt. `ended` is called in its thread when the attempt is over, and `outcome` is then set.

    The interpreter raises an interrupt in the thread between two instructions of Python. A thread that waits in C, for
    example for a socket, is interrupted when the wait ends, so each call to another system needs a timeout of its own.
    """

    def __init__(self, claim: Claim, ended: Callable[["Attempt"], None]) -> None:
        self.claim = claim
        self.outcome: Outcome | None = None
        self._ended = ended
        self._started = time.monotonic()
        self._limit = self._started + claim.task.time_limit.total_seconds()
        self._leased_until = self._started
        self._guard = threading.Lock()
        self._over = False
        self._interrupted = self._first_interrupted = 0.0
        self._thread = threading.Thread(target=self._run, name=f"task {claim.task.kind}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def lease_renewed(self, at: float) -> None:
        """Note that the lease holds from `at`, a time of the monotonic clock before the renewal was sent."""
        self._leased_until = at + LEASE.total_seconds() - LEASE_MARGIN

    def check(self, now: float) -> None:
        """Interrupt the attempt if its time limit or its lease is over."""
        if now >= self._leased_until:
            self.interrupt(LeaseLost)
        elif now >= self._limit:
            self.interrupt(TimeLimitExceeded)

    def is_stuck(self, now: float) -> bool:
        """Return whether the attempt has ignored its interrupts, so that only the end of the process can end it."""
        return bool(self._first_interrupted) and now - self._first_interrupted >= STUCK_AFTER

    def interrupt(self, reason: type[Interrupted]) -> None:
        """Raise `reason` in the thread of the attempt, unless it was interrupted just now."""
        now = time.monotonic()
        with self._guard:
            if self._over or now - self._interrupted < INTERRUPT_INTERVAL:
                return
            self._interrupted = now
            self._first_interrupted = self._first_interrupted or now
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(self._thread.ident or 0), ctypes.py_object(reason)
            )

    def _run(self) -> None:
        error: BaseException | None = None
        try:
            try:
                with structlog.contextvars.bound_contextvars(task=self.claim.task.kind, task_id=str(self.claim.id)):
                    call(self.claim)
            except BaseException as raised:
                error = raised
            self._end(error)
        except Interrupted as late:
            self._end(error or late)

    def _end(self, error: BaseException | None) -> None:
        """Close the connections of this thread and report the outcome. No interrupt is raised once `_over` is set, but
        one that was raised just before can still arrive, and `_run` then calls this method again."""
        with self._guard:
            self._over = True
        _close_connections(broken=isinstance(error, Interrupted))
        if self.outcome is None:
            self.outcome = Outcome(error, time.monotonic() - self._started)
        self._ended(self)


def _close_connections(*, broken: bool) -> None:
    """Close the connections of this thread. An interrupt can leave one in the middle of a statement, so it is closed
    instead of used again."""
    for database in connections.all(initialized_only=True):
        with suppress(Exception):
            if broken and database.connection is not None:
                database.connection.close()
        with suppress(Exception):
            database.close()
