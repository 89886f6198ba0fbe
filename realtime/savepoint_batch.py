"""Savepoint batches: units of work share a transaction, each in a savepoint, and succeed or fail one by one."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django.db import DatabaseError

from realtime.publishing import unit_of_work

T = TypeVar("T")
R = TypeVar("R")


def run_savepoint_batch(work: Callable[[T], R], items: Sequence[T], *, by: Callable[[T], Any]) -> list[R | Exception]:
    """Call `work` for each item; returns the result of each, or the exception that it raised.

    `work` opens a unit of work: for a lone item that is the transaction. Several share one, in which each of theirs is
    a savepoint, in the order of `by`: what they lock first, so that two processes lock it in the same order. After a
    conflict with another transaction each runs in one of its own.
    """
    if len(items) > 1:
        done: dict[int, R | Exception] = {}
        try:
            with unit_of_work():
                for number in sorted(range(len(items)), key=lambda one: by(items[one])):
                    done[number] = _outcome(work, items[number])
            return [done[number] for number in range(len(items))]
        except DatabaseError:
            pass  # each by itself, below, shows which of them failed
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
