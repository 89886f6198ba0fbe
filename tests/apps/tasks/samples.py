"""Tasks of the tests. Each reports to a list or waits for an event, so that tests control them."""

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django_tasks.base import TaskContext

from tasks import recurring_task, task

calls: list[object] = []
failures: list[BaseException] = []
"""What the next calls of `failing` raise; then it succeeds."""
started, released = threading.Event(), threading.Event()
WAIT_SECONDS = 30


@task()
def simple(value: object = None) -> None:
    calls.append(value)


@task(key=("row_id",), max_attempts=3)
def keyed(row_id: uuid.UUID, note: str = "first") -> None:
    calls.append((row_id, note))


@task(key=())
def only_one() -> None:
    calls.append("only one")


@task(max_attempts=3)
def failing() -> None:
    calls.append("failing")
    if failures:
        raise failures.pop(0)


@task(takes_context=True, max_attempts=3)
def with_context(context: TaskContext, row_id: uuid.UUID) -> None:
    calls.append((context.task_result.id, context.attempt, row_id))
    if failures:
        raise failures.pop(0)


@task(max_attempts=3)
def waiting() -> None:
    """Wait until the test releases it."""
    started.set()
    calls.append("began")
    deadline = time.monotonic() + WAIT_SECONDS
    while not released.is_set() and time.monotonic() < deadline:
        time.sleep(0.001)  # an interrupt is raised between two instructions
    calls.append("ended")


@task(max_attempts=2, time_limit=timedelta(seconds=0.2))
def too_long() -> None:
    waiting.func()


@recurring_task(every=timedelta(hours=1))
def every_hour() -> None:
    calls.append("every hour")
    if failures:
        raise failures.pop(0)


@contextmanager
def fresh() -> Iterator[None]:
    for one in (calls, failures):
        one.clear()
    for event in (started, released):
        event.clear()
    try:
        yield
    finally:
        released.set()
