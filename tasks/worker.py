"""The worker of a process: one thread claims tasks and stores outcomes, and each attempt has a thread of its own."""

import threading
import time
from collections.abc import Collection

import structlog
from django.db import DatabaseError, InterfaceError, close_old_connections, connections

from tasks import claims, metrics, outcomes, wakeups
from tasks.attempts import Attempt
from tasks.declarations import declared_kinds
from tasks.enqueueing import enqueue_recurring
from tasks.errors import WorkerStopping

log = structlog.get_logger(__name__)

POLL_SECONDS = 1.0
"""The longest pause before the worker looks for due tasks again."""
WATCH_SECONDS = 0.25
"""How often time limits and leases of running attempts are checked."""
PAUSE_AFTER_ERROR = 1.0
RECURRING_CHECK_SECONDS = 60.0
STOP_SECONDS = 4.0
"""Seconds for which running attempts can go on when the process stops. Then they are interrupted and handed back."""
HAND_BACK_SECONDS = 2.0


class Worker:
    """Runs up to `threads` attempts at the same time, of all declared kinds except `without`.

    A second thread watches time limits and leases. It never uses the database, so it also works while the first thread
    waits for the database.
    """

    def __init__(self, threads: int, *, without: Collection[str] = ()) -> None:
        self._slots = threads
        self._without = frozenset(without)
        self._changed = threading.Condition()
        self._woken = False
        self._running: dict[Attempt, None] = {}
        self._ended: dict[Attempt, None] = {}
        """Attempts whose outcome is not stored yet."""
        self._stuck: set[Attempt] = set()
        self._stop_at: float | None = None
        self._stopped = threading.Event()
        """Set while the worker does not run."""
        self._stopped.set()
        self._next_renewal = self._next_lost_check = self._next_recurring_check = 0.0

    def start(self) -> None:
        """Start to claim tasks. A worker that was stopped can be started again."""
        self._stop_at = None
        self._stopped.clear()
        wakeups.add_worker(self.wake)
        for name, target in (("tasks", self._run), ("task limits", self._watch)):
            threading.Thread(target=target, name=name, daemon=True).start()

    def wake(self) -> None:
        """Look for due tasks now. Can be called from any thread."""
        with self._changed:
            self._woken = True
            self._changed.notify_all()

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Claim nothing more, and wait for running attempts. After `seconds` they are interrupted and handed back.

        An attempt that does not end then is left; another worker takes its task when the lease ends.
        """
        wakeups.remove_worker(self.wake)
        with self._changed:
            if self._stop_at is None:
                self._stop_at = time.monotonic() + seconds
            self._woken = True
            self._changed.notify_all()
        self._stopped.wait(seconds + HAND_BACK_SECONDS + PAUSE_AFTER_ERROR)

    @property
    def is_stuck(self) -> bool:
        """Whether an attempt has ignored its interrupts. The process should then be started again."""
        return bool(self._stuck)

    # --- The claiming thread ---

    def _run(self) -> None:
        pause = 0.0
        try:
            while not self._is_finished():
                self._wait(pause)
                pause = self._step_safely()
        finally:
            connections.close_all()
            self._stopped.set()

    def _wait(self, seconds: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._woken or bool(self._ended), seconds)
            self._woken = False

    def _is_finished(self) -> bool:
        if self._stop_at is None:
            return False
        return not (self._running or self._ended) or time.monotonic() > self._stop_at + HAND_BACK_SECONDS

    def _step_safely(self) -> float:
        try:
            pause = self._step()
            if pause:
                close_old_connections()  # the pool can use the connection during the pause
            return pause
        except (DatabaseError, InterfaceError) as error:  # the next step tries again
            log.warning("task_worker_failed", error=type(error).__name__)
        except Exception:
            log.exception("task_worker_failed")
        connections.close_all()
        return self._pause(PAUSE_AFTER_ERROR)

    def _step(self) -> float:
        """Do what is to be done now, and return the seconds until the next step."""
        self._store_outcomes()
        self._renew_leases()
        if self._stop_at is not None:
            return self._pause(WATCH_SECONDS)
        self._look_after_table()
        return self._claim()

    def _store_outcomes(self) -> None:
        for attempt in list(self._ended):
            outcome = attempt.outcome
            assert outcome is not None  # set before the attempt is reported
            stored = outcomes.store(attempt.claim, outcome)
            self._ended.pop(attempt)
            outcomes.log_outcome(attempt.claim, outcome, stored=stored)
            metrics.observe(attempt.claim, outcome)

    def _renew_leases(self) -> None:
        """Renew the leases of running attempts, and of those whose outcome could not be stored yet."""
        active = [*self._running, *self._ended]
        now = time.monotonic()
        if not active or now < self._next_renewal:
            return
        held = claims.renew(attempt.claim for attempt in active)
        for attempt in active:
            if attempt.claim.id in held:
                attempt.lease_renewed(now)
        self._next_renewal = now + claims.RENEWAL_INTERVAL.total_seconds()

    def _look_after_table(self) -> None:
        now = time.monotonic()
        if now >= self._next_lost_check:
            claims.release_lost()
            self._next_lost_check = now + claims.LOST_CHECK_INTERVAL.total_seconds()
        if now >= self._next_recurring_check:
            enqueue_recurring()
            self._next_recurring_check = now + RECURRING_CHECK_SECONDS

    def _claim(self) -> float:
        free = self._slots - len(self._running)
        if free <= 0:
            return self._pause(POLL_SECONDS)
        kinds = declared_kinds() - self._without
        seconds = claims.seconds_until_due(kinds)
        if seconds is None or seconds > 0:
            return self._pause(POLL_SECONDS if seconds is None else min(seconds, POLL_SECONDS))
        before = time.monotonic()
        claimed = claims.claim_due(free, kinds)
        for claim in claimed:
            self._start(claim, before)
        # If other workers have locked everything that is due, there is no need to ask again at once.
        return 0.0 if claimed else self._pause(WATCH_SECONDS)

    def _start(self, claim: claims.Claim, leased_from: float) -> None:
        attempt = Attempt(claim, self._has_ended)
        attempt.lease_renewed(leased_from)
        with self._changed:
            self._running[attempt] = None
        attempt.start()

    def _has_ended(self, attempt: Attempt) -> None:
        with self._changed:
            self._running.pop(attempt, None)
            self._ended[attempt] = None
            self._changed.notify_all()

    def _pause(self, seconds: float) -> float:
        """Return a pause that ends before the next renewal."""
        if not self._running and not self._ended:
            return seconds
        return max(0.0, min(seconds, self._next_renewal - time.monotonic()))

    # --- The watching thread ---

    def _watch(self) -> None:
        while not self._stopped.wait(WATCH_SECONDS):
            now = time.monotonic()
            for attempt in list(self._running):
                attempt.check(now)
                if self._stop_at is not None and now >= self._stop_at:
                    attempt.interrupt(WorkerStopping)
                self._note_stuck(attempt, now)
            self._stuck &= self._running.keys()

    def _note_stuck(self, attempt: Attempt, now: float) -> None:
        if attempt not in self._stuck and attempt.is_stuck(now):
            self._stuck.add(attempt)
            log.error("task_stuck", task=attempt.claim.task.kind, task_id=str(attempt.claim.id))
