"""Storing tasks, in the transaction of their cause.

A task with a key waits or runs only once. If its key is taken, `enqueue` returns the stored task instead. If that task
runs, it might have read what it needs before the new cause, so it runs once more afterwards.
"""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Now

from foundation import clock
from tasks import arguments, wakeups
from tasks.declarations import AnyTask, recurring_tasks
from tasks.errors import InvalidArguments
from tasks.models import ACTIVE, MAX_KEY_LENGTH, State, StoredTask


def enqueue(task: AnyTask, args: Sequence[Any], kwargs: Mapping[str, Any]) -> StoredTask:
    """Store a task, or find the task that has its key. Raises `InvalidArguments`, and `TypeError` if the arguments do
    not fit the function."""
    key = key_of(task, args, kwargs)
    due_at = Now() if task.run_after is None else _at(task.run_after)
    new = StoredTask(kind=task.kind, args=arguments.stored(args, kwargs), key=key, due_at=due_at)
    found = _insert_or_find(new, key) if key else _insert(new)
    wakeups.wake_on_commit()
    return found


def key_of(task: AnyTask, args: Sequence[Any], kwargs: Mapping[str, Any]) -> str:
    """Return the key of a task with these arguments, empty if tasks of its kind have none."""
    values = arguments.values_of(task.func, task.key or (), args, kwargs, skip=int(task.takes_context))
    if task.key is None:
        return ""
    key = ":".join([task.kind, *map(str, values)])
    if len(key) > MAX_KEY_LENGTH:
        raise InvalidArguments(f"The key of {task.kind} has more than {MAX_KEY_LENGTH} characters.")
    return key


def _at(moment: datetime) -> Any:
    """Return a time on the database's clock, for a time on the clock of this process."""
    return Now() + (moment - clock.now())


def _insert(new: StoredTask) -> StoredTask:
    StoredTask.objects.bulk_create([new])
    return new


@transaction.atomic
def _insert_or_find(new: StoredTask, key: str) -> StoredTask:
    while True:
        if _join(key, new.due_at):
            return StoredTask.objects.get(key=key, state__in=ACTIVE)
        StoredTask.objects.bulk_create([new], ignore_conflicts=True)
        if StoredTask.objects.filter(pk=new.pk).exists():
            return new
        # Another transaction stored or ended a task with this key meanwhile.


def _join(key: str, due_at: Any) -> int:
    """Lock the active task with this key, and note that it was enqueued again. Return 0 if there is none.

    A waiting task becomes due earlier if the new one is, but not while it waits for its next attempt.
    """
    earlier = Q(state=State.WAITING, attempts=0, due_at__gt=due_at)
    return StoredTask.objects.filter(key=key, state__in=ACTIVE).update(
        again=Case(When(state=State.RUNNING, then=Value(True)), default=F("again")),
        due_at=Case(When(earlier, then=due_at), default=F("due_at")),
    )


def enqueue_recurring() -> None:
    """Store each recurring task that is not stored yet. It is due at once."""
    kinds = {one.kind for one in recurring_tasks()}
    there = StoredTask.objects.filter(key__in=kinds, state__in=ACTIVE).values_list("key", flat=True)
    missing = sorted(kinds - set(there))
    if missing:
        empty = arguments.stored((), {})
        StoredTask.objects.bulk_create(
            [StoredTask(kind=kind, args=empty, key=kind) for kind in missing], ignore_conflicts=True
        )


def enqueue_again(done: StoredTask) -> uuid.UUID:
    """Store a task like one that has ended, whose key was enqueued again while it ran. It has a new id."""
    new = StoredTask(kind=done.kind, args=done.args, key=done.key)
    return _insert(new).pk
