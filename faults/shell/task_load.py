"""A mixed load of tasks: a producer that enqueues them in transactions, and a worker process that runs them.

Every begin and end of an attempt is one line of JSON in the file `TASK_LOG`.
"""

import json
import os
import random
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.core.management import call_command
from django.db import DatabaseError, InterfaceError, connection, transaction
from django_tasks.base import TaskContext

from faults.shell.line_log import append_line
from tasks import TaskFailed, task

GROUPS = 4
FAILURES = 2
"""How often each task of the kind `flaky` fails before it succeeds."""
ROLLED_BACK = 0.2
"""The share of transactions that are rolled back."""


@contextmanager
def _recorded(what: str) -> Iterator[None]:
    append_line("TASK_LOG", event="begin", what=what)
    outcome = "interrupted"
    try:
        yield
        outcome = "succeeded"
    except TaskFailed:
        outcome = "failed"
        raise
    finally:
        append_line("TASK_LOG", event="end", what=what, outcome=outcome)


@task()
def quick(number: int) -> None:
    with _recorded(f"quick {number}"):
        pass


@task(time_limit=timedelta(seconds=30))
def slow(number: int) -> None:
    with _recorded(f"slow {number}"):
        deadline = time.monotonic() + 1 + number % 7 / 2
        while time.monotonic() < deadline:
            time.sleep(0.01)


@task()
def writing(number: int) -> None:
    with _recorded(f"writing {number}"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM tasks_storedtask")


@task(takes_context=True)
def flaky(context: TaskContext, number: int) -> None:
    with _recorded(f"flaky {number}"):
        if context.attempt <= FAILURES:
            raise TaskFailed("It fails as planned.", retry_after=timedelta(seconds=1))


@task(key=("group",))
def grouped(group: int) -> None:
    with _recorded(f"grouped {group}"):
        time.sleep(0.05)


KINDS = (quick, slow, writing, flaky)


def main(role: str) -> None:
    """Be a `worker` or a `producer`."""
    if role == "worker":
        _work()
    else:
        _produce()


def _work() -> None:
    """Run `manage.py run_tasks`, which then knows the kinds of this module."""
    call_command("run_tasks", workers=int(os.environ["TASK_WORKERS"]))


def _produce() -> None:
    """Store tasks until stdin is closed, at a number of transactions a second. Each line on stdout has the tasks of a
    transaction and whether it was committed."""
    rate, seed = sys.stdin.readline().split()
    rng, number = random.Random(seed), 0
    reader = threading.Thread(target=sys.stdin.read, daemon=True)
    reader.start()
    while reader.is_alive():
        tasks = [f"{rng.choice(KINDS).name} {number + one}" for one in range(rng.randint(1, 3))]
        number += len(tasks)
        begin = time.monotonic()
        group = f"grouped {rng.randrange(GROUPS)}"
        outcome = _store([*tasks, group], is_rolled_back=rng.random() < ROLLED_BACK)
        print("stored", json.dumps({"tasks": tasks, "group": group, "begin": begin, "outcome": outcome}), flush=True)
        time.sleep(1 / float(rate))


class _RollBack(Exception):
    pass


def _store(tasks: list[str], *, is_rolled_back: bool) -> str:
    by_name = {one.name: one for one in (*KINDS, grouped)}
    try:
        with transaction.atomic():
            for name, number in (one.split() for one in tasks):
                by_name[name].enqueue(int(number))
            if is_rolled_back:
                raise _RollBack
    except _RollBack:
        return "rolled back"
    except (DatabaseError, InterfaceError):
        connection.close()
        return "unknown"
    return "committed"
