"""The recurring tasks of all packages: each does its work, and none holds a transaction while it calls others."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session

from accounts.models import LoginSession
from foundation import clock
from foundation.clock import moved
from messaging.models import Upload
from realtime.models import SocketSession
from tasks import outcomes
from tasks.declarations import declared_task, recurring_tasks
from tasks.enqueueing import enqueue_recurring
from tasks.models import State, StoredTask
from tests.deals import open_deal
from tests.factories import log_in, make_user
from tests.harness.external_calls import no_calls_inside
from tests.harness.tasks import run_due_tasks

__all__ = ["no_calls_inside"]

pytestmark = pytest.mark.django_db(transaction=True)

DAY = timedelta(days=1)
EXPECTED = {
    "accounts.forget_sessions",
    "conversations.index_missing_conversations",
    "deals.take_due_actions",
    "deals.take_over_refunds",
    "messaging.clean_up_uploads",
    "messaging.delete_old_revisions",
    "notifications.delete_old_notifications",
    "realtime.delete_expired_socket_sessions",
    "realtime.trim_events",
    "stoory.clear_admin_sessions",
    "tasks.delete_old_tasks",
}


def own_tasks():
    return {one.kind for one in recurring_tasks() if not one.kind.startswith("tests.")}


def run(kind):
    declared_task(kind).enqueue()
    assert kind in run_due_tasks(recurring=True)
    stored = StoredTask.objects.get(kind=kind)
    assert (stored.state, stored.error) == (State.WAITING, "")


def test_all_periodic_work_is_a_task():
    assert own_tasks() == EXPECTED


def test_all_recurring_tasks_run_without_anything_to_do(no_calls_inside, settings):
    enqueue_recurring()
    assert own_tasks() <= set(run_due_tasks(recurring=True))
    assert set(StoredTask.objects.exclude(error="").values_list("kind", flat=True)) == set()


def test_due_actions_are_taken():
    deal = open_deal()
    with moved(8 * DAY):
        run("deals.take_due_actions")
    assert deal.now.is_closed


def test_deadlines_are_looked_for_as_often_as_configured(settings):
    settings.DEADLINE_SECONDS = 30.0
    run("deals.take_due_actions")
    assert declared_task("deals.take_due_actions").interval == timedelta(seconds=30)
    settings.DEADLINE_SECONDS = 0.5
    assert declared_task("deals.take_due_actions").interval == timedelta(seconds=0.5)


def test_a_failing_deadline_task_is_tried_again_within_its_interval(settings):
    settings.DEADLINE_SECONDS = 0.5
    assert outcomes.delay_after(1) > declared_task("deals.take_due_actions").interval


def test_unsent_uploads_are_deleted():
    owner = make_user()
    for _ in range(130):  # more than one round
        Upload.objects.create(owner=owner, name="a.png", content_type="image/png", size=1)
    run("messaging.clean_up_uploads")
    assert Upload.objects.count() == 130
    with moved(2 * DAY):
        run("messaging.clean_up_uploads")
    assert Upload.objects.count() == 0


def test_old_sessions_are_forgotten():
    log_in(make_user())
    with moved(20 * DAY):
        run("accounts.forget_sessions")
    assert LoginSession.objects.count() == 1
    with moved(50 * DAY):
        run("accounts.forget_sessions")
    assert LoginSession.objects.count() == 0


def test_expired_socket_sessions_are_deleted():
    SocketSession.objects.create(
        pid="x" * 32,
        user_id=make_user().pk,
        process_id=make_user().pk,
        user_seq=0,
        started_at=clock.now(),
        ended_at=clock.now() - 2 * DAY,
    )
    run("realtime.delete_expired_socket_sessions")
    assert SocketSession.objects.count() == 0


def test_expired_sessions_of_the_admin_are_deleted():
    for days in (-1, 1):
        Session.objects.create(session_key=f"key{days}", session_data="", expire_date=clock.now() + days * DAY)
    run("stoory.clear_admin_sessions")
    assert list(Session.objects.values_list("session_key", flat=True)) == ["key1"]
