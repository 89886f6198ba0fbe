"""Declaring tasks. Each declaration has a kind, which identifies it in the table, the metrics and the log."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar, overload

from django_tasks import task as django_task
from django_tasks.base import Task, TaskContext

P = ParamSpec("P")
T = TypeVar("T")

MAX_ATTEMPTS = 20
"""By default a task is tried this often, over about a week."""
TIME_LIMIT = timedelta(seconds=60)
LONGEST_TIME_LIMIT = timedelta(hours=1)
MAX_KIND_LENGTH = 100

Interval = timedelta | Callable[[], timedelta]


@dataclass(frozen=True, slots=True, kw_only=True)
class DurableTask(Task[P, T]):
    """A declared task. `django_tasks.task` creates it through the backend."""

    max_attempts: int = MAX_ATTEMPTS
    time_limit: timedelta = TIME_LIMIT
    key: tuple[str, ...] | None = None
    every: Interval | None = None

    @property
    def kind(self) -> str:
        """The stable name: the package and the function, without the module `tasks` between them."""
        return f"{self.func.__module__.removesuffix('.tasks')}.{self.func.__name__}"

    @property
    def interval(self) -> timedelta | None:
        """The time from the end of a run to the next run, or None if the task is not recurring."""
        return self.every() if callable(self.every) else self.every


AnyTask = DurableTask[..., Any]

_declared: dict[str, AnyTask] = {}


@overload
def task(
    *,
    key: tuple[str, ...] | None = None,
    max_attempts: int = MAX_ATTEMPTS,
    time_limit: timedelta = TIME_LIMIT,
    takes_context: Literal[False] = False,
) -> Callable[[Callable[P, T]], DurableTask[P, T]]: ...


@overload
def task(
    *,
    key: tuple[str, ...] | None = None,
    max_attempts: int = MAX_ATTEMPTS,
    time_limit: timedelta = TIME_LIMIT,
    takes_context: Literal[True],
) -> Callable[[Callable[Concatenate[TaskContext, P], T]], DurableTask[P, T]]: ...


def task(
    *,
    key: tuple[str, ...] | None = None,
    max_attempts: int = MAX_ATTEMPTS,
    time_limit: timedelta = TIME_LIMIT,
    takes_context: bool = False,
) -> Callable[[Callable[..., T]], DurableTask[..., T]]:
    """Declare a function at module level as a task.

    `key` names the parameters that identify the work: while a task with the same values waits or runs, `enqueue` adds
    no second one. `()` allows only one task of this kind. With `takes_context`, the first parameter, `context`,
    receives a `django_tasks.TaskContext`.

    Raises `ValueError` for a limit out of range, an unknown parameter or a used kind, and `InvalidTaskError` for a
    function that is a coroutine or not at module level.
    """
    return _declaring(key=key, max_attempts=max_attempts, time_limit=time_limit, takes_context=takes_context)


def recurring_task(
    *, every: Interval, time_limit: timedelta = TIME_LIMIT
) -> Callable[[Callable[[], T]], DurableTask[[], T]]:
    """Declare a function without parameters that runs again and again, with a pause of `every` after each run.

    Only one process runs it at a time. It has no last attempt: after a failure it runs again after the usual delay, but
    not later than after `every`.
    """
    return _declaring(key=(), every=every, time_limit=time_limit)


def _declaring(**options: Any) -> Callable[[Callable[P, T]], DurableTask[P, T]]:
    def declare(function: Callable[P, T]) -> DurableTask[P, T]:
        declared: Any = django_task(**options)(function)
        _check(declared)
        _declared[declared.kind] = declared
        return declared

    return declare


def _check(declared: AnyTask) -> None:
    if declared.kind in _declared or len(declared.kind) > MAX_KIND_LENGTH or not declared.name.isidentifier():
        raise ValueError(f"The kind {declared.kind} is used already, is too long, or is no name.")
    if declared.max_attempts < 1 or not timedelta() < declared.time_limit <= LONGEST_TIME_LIMIT:
        raise ValueError(f"{declared.kind} needs an attempt and a time limit of at most {LONGEST_TIME_LIMIT}.")
    if unknown := set(declared.key or ()) - inspect.signature(declared.func).parameters.keys():
        raise ValueError(f"{declared.kind} has no parameter {', '.join(sorted(unknown))}.")


def declared_task(kind: str) -> AnyTask | None:
    """Return the declaration of a kind, or None: another release can have stored the task."""
    return _declared.get(kind)


def declared_kinds() -> frozenset[str]:
    return frozenset(_declared)


def recurring_tasks() -> list[AnyTask]:
    return [one for one in _declared.values() if one.every is not None]
