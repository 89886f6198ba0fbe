"""What a task can raise about itself, and how an attempt is interrupted."""

from datetime import timedelta


class TaskFailed(Exception):
    """The attempt has failed and the task is tried again later.

    `text` is stored and shown to operators, so it must contain no secrets and no texts of users. `retry_after` replaces
    the usual delay before the next attempt.
    """

    def __init__(self, text: str, *, retry_after: timedelta | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.retry_after = retry_after


class TaskRejected(TaskFailed):
    """Another attempt cannot succeed: the task becomes a dead letter at once."""


class Interrupted(BaseException):
    """Raised inside a running attempt by its worker. Code that handles `Exception` does not catch it."""


class TimeLimitExceeded(Interrupted):
    """The attempt took longer than the task's time limit. It counts as failed."""


class LeaseLost(Interrupted):
    """The worker could not renew its lease, so another worker can start the task soon. The result is dropped."""


class WorkerStopping(Interrupted):
    """The worker shuts down. The task is handed back, and the attempt does not count."""


class InvalidArguments(TypeError):
    """An argument of a task is not an id, a number, a lower-case name or None."""
