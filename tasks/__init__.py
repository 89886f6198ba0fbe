"""Durable tasks: work that happens later or outside, stored with its cause and executed at least once.

The package is the backend of Django's Tasks interface, on one table. `docs/tasks.md` explains how another package
declares its tasks in its module `tasks`.

Start with `declarations` (declare a task), then `enqueueing` (store it), `claims` (take it), `worker` (execute it) and
`outcomes` (store the result).
"""

from tasks.declarations import recurring_task, task
from tasks.errors import TaskFailed, TaskRejected

__all__ = ["TaskFailed", "TaskRejected", "recurring_task", "task"]
