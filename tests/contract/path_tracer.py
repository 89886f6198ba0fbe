"""Counts the costs of one socket command between its arrival and its acknowledgement."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import psycopg._cursor_base
import psycopg.generators
import pytest
from django.db.backends.base.base import BaseDatabaseWrapper

from foundation.database.pipeline import _RoundTrip
from foundation.database.thread_pool import DatabaseThreads
from tests.packages import PACKAGES, ROOT

_PRODUCT = tuple(f"{ROOT / package}/" for package in PACKAGES)


@dataclass
class PathCost:
    """`functions` are the distinct functions of the product that were called, without comprehensions."""

    functions: set[str] = field(default_factory=set)
    transactions: int = 0
    savepoints: int = 0
    round_trips: int = 0
    thread_changes: int = 0

    def numbers(self) -> list[int]:
        return [len(self.functions), self.transactions, self.savepoints, self.round_trips, self.thread_changes]

    def profile(self, frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(_PRODUCT) and not code.co_name.startswith("<"):
            self.functions.add(f"{code.co_filename.removeprefix(f'{ROOT}/')}:{code.co_qualname}")


@contextmanager
def traced() -> Iterator[PathCost]:
    """Trace the block, in this thread and in the database threads to which it submits work."""
    cost = PathCost()
    with pytest.MonkeyPatch.context() as patch:
        _count_threads(patch, cost)
        _count_transactions(patch, cost)
        _count_round_trips(patch, cost)
        sys.setprofile(cost.profile)
        try:
            yield cost
        finally:
            sys.setprofile(None)


def _count_threads(patch: pytest.MonkeyPatch, cost: PathCost) -> None:
    """Count two thread changes for each piece of work: to the database thread, and back to the event loop."""
    submit = DatabaseThreads.submit

    def counted(self: DatabaseThreads, work: Callable[[], None]) -> None:
        cost.thread_changes += 2
        submit(self, lambda: profiled(work))

    def profiled(work: Callable[[], None]) -> None:
        sys.setprofile(cost.profile)
        try:
            work()
        finally:
            sys.setprofile(None)

    patch.setattr(DatabaseThreads, "submit", counted)


def _count_transactions(patch: pytest.MonkeyPatch, cost: PathCost) -> None:
    set_autocommit, savepoint = BaseDatabaseWrapper.set_autocommit, BaseDatabaseWrapper._savepoint

    def counted_begin(self: BaseDatabaseWrapper, autocommit: bool, *args: Any, **kwargs: Any) -> None:
        cost.transactions += not autocommit
        set_autocommit(self, autocommit, *args, **kwargs)

    def counted_savepoint(self: BaseDatabaseWrapper, sid: str) -> None:
        cost.savepoints += 1
        savepoint(self, sid)

    patch.setattr(BaseDatabaseWrapper, "set_autocommit", counted_begin)
    patch.setattr(BaseDatabaseWrapper, "_savepoint", counted_savepoint)


def _count_round_trips(patch: pytest.MonkeyPatch, cost: PathCost) -> None:
    """Count pipelines and single statements that psycopg sends and waits for, including BEGIN and COMMIT."""

    def count(owner: Any, name: str) -> None:
        original = getattr(owner, name)

        def counted(*args: Any, **kwargs: Any) -> Any:
            cost.round_trips += 1
            return original(*args, **kwargs)

        patch.setattr(owner, name, counted)

    count(_RoundTrip, "run")
    count(psycopg.generators, "execute")
    count(psycopg._cursor_base, "execute")
