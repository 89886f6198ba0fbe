"""Units of work that arrive together share a transaction, and each still succeeds or fails by itself."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django.db import DatabaseError

from realtime.publishing import unit_of_work

T = TypeVar("T")
R = TypeVar("R")


def done_together(work: Callable[[T], R], items: Sequence[T], *, by: Callable[[T], Any]) -> list[R | Exception]:
    """Do `work`, a unit of work, for each item; answers with the result of each, or what it raised.

    All of them are in one transaction, each in a savepoint, in the order of `by`: what they lock first, so that two
    processes lock it in the same order. Where they collide with another transaction each is done by itself.
    """
    if len(items) > 1:
        done: dict[int, R | Exception] = {}
        try:
            with unit_of_work():
                for number in sorted(range(len(items)), key=lambda one: by(items[one])):
                    done[number] = _outcome(work, items[number])
            return [done[number] for number in range(len(items))]
        except DatabaseError:
            pass  # which of them it was shows below
    return [_outcome_alone(work, item) for item in items]


def _outcome(work: Callable[[T], R], item: T) -> R | Exception:
    try:
        with unit_of_work():
            return work(item)
    except DatabaseError:
        raise
    except Exception as fault:
        return fault


def _outcome_alone(work: Callable[[T], R], item: T) -> R | Exception:
    try:
        return _outcome(work, item)
    except DatabaseError as fault:
        return fault
