"""Old tasks are deleted; what waits or runs is kept."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from tasks.models import State, StoredTask
from tasks.retention import delete_finished

pytestmark = pytest.mark.django_db


def make(state: State, days: float) -> StoredTask:
    finished_at = Now() - timedelta(days=days) if state in (State.SUCCEEDED, State.DEAD) else None
    created_at = Now() - timedelta(days=days)
    return StoredTask.objects.create(kind="sample.kind", state=state, finished_at=finished_at, created_at=created_at)


def test_tasks_are_kept_for_their_time(settings):
    settings.TASK_RETENTION = timedelta(days=7)
    kept = {
        make(State.SUCCEEDED, 6.9),
        make(State.DEAD, 89.9),
        make(State.WAITING, 400),
        make(State.RUNNING, 400),
    }
    for state, days in ((State.SUCCEEDED, 7.1), (State.SUCCEEDED, 400), (State.DEAD, 90.1)):
        make(state, days)
    assert delete_finished() == 3
    assert set(StoredTask.objects.all()) == kept
    assert delete_finished() == 0
