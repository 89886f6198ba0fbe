"""Savepoint batches: units of work share a transaction. Each has its own savepoint and succeeds or fails separately."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django.db import DatabaseError

from realtime.publishing import unit_of_work

T = TypeVar("T")
R = TypeVar("R")


def run_savepoint_batch(work: Callable[[T], R], items: Sequence[T], *, by: Callable[[T], Any]) -> list[R | Exception]:
    """Call `work` for each item. Return the result or the exception of each call, in the order of `items`.

    `work` opens a unit of work. For a single item, this is the transaction. Several items share one transaction, and
    each unit of work is a savepoint. The items run in the order of `by(item)`, which must be the order of the first
    lock, so that all processes lock in the same order. After a database error, each item runs in its own transaction.
    """
    if len(items) > 1:
        done: dict[int, R | Exception] = {}
        try:
            with unit_of_work():
                for number in sorted(range(len(items)), key=lambda one: by(items[one])):
                    done[number] = _outcome(work, items[number])
            return [done[number] for number in range(len(items))]
        except DatabaseError:
            pass  # the separate runs below show which items fail
    return [_outcome_alone(work, item) for item in items]


def _outcome(work: Callable[[T], R], item: T) -> R | Exception:
    try:
        return work(item)
    except DatabaseError:
        raise
    except Exception as error:
        return error


def _outcome_alone(work: Callable[[T], R], item: T) -> R | Exception:
    try:
        return _outcome(work, item)
    except DatabaseError as error:
        return error
