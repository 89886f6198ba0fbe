"""The backend of Django's Tasks interface, named in the setting `TASKS`."""

import uuid
from typing import Any

from django_tasks.backends.base import BaseTaskBackend
from django_tasks.base import Task, TaskError, TaskResult, TaskResultStatus
from django_tasks.exceptions import InvalidTaskError, TaskResultDoesNotExist

from foundation.ids import parse_id
from tasks.declarations import DurableTask, declared_task
from tasks.enqueueing import enqueue
from tasks.models import State, StoredTask

_STATUSES = {
    State.WAITING: TaskResultStatus.READY,
    State.RUNNING: TaskResultStatus.RUNNING,
    State.SUCCEEDED: TaskResultStatus.SUCCESSFUL,
    State.DEAD: TaskResultStatus.FAILED,
}


class DatabaseBackend(BaseTaskBackend):
    """Stores tasks in the database. Return values are not stored: a task writes its results to its own rows."""

    task_class = DurableTask
    supports_defer = True
    supports_get_result = True

    def enqueue(self, task: Task[Any, Any], args: Any, kwargs: Any) -> TaskResult[Any]:
        """Store a task in the current transaction. With a key that a waiting or running task has, return that task.

        Raises `InvalidArguments` for an argument that is not an id, a number, a name or None.
        """
        self.validate_task(task)
        if not isinstance(task, DurableTask) or declared_task(task.kind) is None:
            raise InvalidTaskError(f"{task.name} is not declared with tasks.task.")
        return result_of(enqueue(task, args, kwargs), task)

    def get_result(self, result_id: str) -> TaskResult[Any]:
        """Return a stored task. Raises `TaskResultDoesNotExist` if it does not exist or its kind is unknown here."""
        pk = parse_id(result_id)
        stored = StoredTask.objects.filter(pk=pk).first() if pk else None
        task = declared_task(stored.kind) if stored else None
        if stored is None or task is None:
            raise TaskResultDoesNotExist(result_id)
        return result_of(stored, task)


def result_of(stored: StoredTask, task: DurableTask[Any, Any]) -> TaskResult[Any]:
    """Return a row as Django's interface describes it. `id` is the same in all attempts."""
    failed = TaskError(exception_class_path="tasks.errors.TaskFailed", traceback=stored.error)
    return TaskResult(
        task=task,
        id=str(stored.pk),
        status=_STATUSES[State(stored.state)],
        enqueued_at=stored.created_at,
        started_at=stored.started_at,
        last_attempted_at=stored.started_at,
        finished_at=stored.finished_at,
        args=stored.args["args"],
        kwargs=stored.args["kwargs"],
        backend=task.backend,
        errors=[failed] if stored.error else [],
        worker_ids=[str(stored.lease or uuid.UUID(int=0))] * stored.attempts,
    )
