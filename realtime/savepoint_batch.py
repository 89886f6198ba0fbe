"""Savepoint batches: units of work share a transaction. Each has its own savepoint and succeeds or fails separately."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django.db import DatabaseError

from realtime.publishing import unit_of_work

T = TypeVar("T")
R = TypeVar("R")


def run_savepoint_batch(work: Callable[[T], R], items: Sequence[T], *, by: Callable[[T], Any]) -> list[R | Exception]:
    """Call `work` for each item. Return the result or the exception of each call, in the order of `items`.

    `work` must open a unit of work. For a single item, the unit of work is the transaction. Several items share one
    transaction, in which each unit of work is a savepoint. The items run in the order of `by(item)`: the row that an
    item locks first, so that all processes lock in the same order. After a database error, each item runs again in its
    own transaction.
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
