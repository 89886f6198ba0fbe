"""Waking workers when a task is committed, in this process and in others. Workers also poll, so a lost wake-up costs
at most a second."""

from collections.abc import Callable

from django.db import connection, transaction

Wake = Callable[[], None]

_workers: set[Wake] = set()
_send: list[Wake] = []


def connect(send: Wake) -> None:
    """Call `send` after each commit that stored a task. It tells other processes, which then call `wake`."""
    _send[:] = [send]


def add_worker(wake_worker: Wake) -> None:
    _workers.add(wake_worker)


def remove_worker(wake_worker: Wake) -> None:
    _workers.discard(wake_worker)


def wake() -> None:
    """Wake the workers of this process. Can be called from any thread, and returns at once."""
    for wake_worker in list(_workers):
        wake_worker()


def wake_on_commit() -> None:
    """Wake all workers when the current transaction is committed: once, however many tasks it stores."""
    current = set(connection.savepoint_ids)
    # An entry of an outer savepoint is called at least as surely as a new entry.
    if not any(entry[1] is _wake_all and entry[0] <= current for entry in connection.run_on_commit):
        transaction.on_commit(_wake_all, robust=True)


def _wake_all() -> None:
    wake()
    for send in _send:
        send()
