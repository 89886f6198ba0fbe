"""The table of tasks."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from foundation.ids import uuid7
from tasks.declarations import MAX_KIND_LENGTH

MAX_KEY_LENGTH = 300


class State(models.TextChoices):
    WAITING = "waiting"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    DEAD = "dead", "Dead letter"


ACTIVE = (State.WAITING, State.RUNNING)


class StoredTask(models.Model):
    """A task: what is to be done, when, and how its attempts went. `id` is the idempotency key for other systems.

    A worker that runs an attempt holds the lease until `leased_until`, and renews it. All times are from the database's
    clock, because the clocks of processes can differ. `again` is set if the task was enqueued again while an attempt
    ran. `error` describes the last failure, without the messages of exceptions, which can contain secrets.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=MAX_KIND_LENGTH)
    args = models.JSONField(default=dict)
    key = models.CharField(max_length=MAX_KEY_LENGTH, blank=True, default="")
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    due_at = models.DateTimeField(db_default=Now())
    attempts = models.PositiveIntegerField(default=0)
    again = models.BooleanField(default=False)
    lease = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)
    error = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "task"
        constraints = [
            models.UniqueConstraint(fields=["key"], name="task_key", condition=Q(state__in=ACTIVE) & ~Q(key=""))
        ]
        indexes = [
            models.Index(fields=["due_at"], name="task_due", condition=Q(state=State.WAITING)),
            models.Index(fields=["leased_until"], name="task_lease", condition=Q(state=State.RUNNING)),
            models.Index(fields=["state", "finished_at"], name="task_finished", condition=~Q(finished_at=None)),
        ]

    def __str__(self) -> str:
        return self.kind
