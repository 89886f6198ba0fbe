"""Tasks in the admin: visible, and retried by operators with the permission."""

import uuid
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse

from tasks import TaskRejected
from tasks.claims import claim_due
from tasks.declarations import declared_kinds
from tasks.models import State, StoredTask
from tasks.outcomes import Outcome, store
from tests.apps.tasks import samples
from tests.factories import make_staff, make_user
from tests.harness.tasks import run_due_tasks

pytestmark = pytest.mark.django_db

LIST = "admin:tasks_storedtask_changelist"


def page_of(stored):
    return reverse("admin:tasks_storedtask_change", args=[stored.pk])


def client_of(*permissions, **fields):
    staff = make_staff(is_superuser=False, **fields)
    staff.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(staff)
    return client


@pytest.fixture
def operator():
    return client_of("view_storedtask", "change_storedtask")


def dead_letter(row_id):
    samples.keyed.enqueue(row_id)
    (claim,) = claim_due(1, declared_kinds())
    store(claim, Outcome(TaskRejected("The provider refused the order."), 0.1))
    return StoredTask.objects.get(pk=claim.id)


def run(client, *tasks):
    given = {"action": "run_now", "_selected_action": [one.pk for one in tasks]}
    return client.post(reverse(LIST), given, follow=True)


def told(response):
    return [str(one) for one in response.context["messages"]]


def test_tasks_are_listed_filtered_and_found(operator):
    dead, row_id = dead_letter(uuid.uuid4()), uuid.uuid4()
    samples.keyed.enqueue(row_id)
    waiting = StoredTask.objects.get(state=State.WAITING)

    def listed(**query):
        return set(operator.get(reverse(LIST), query).context["cl"].result_list)

    assert listed() == {dead, waiting}
    assert listed(state__exact="dead") == {dead}
    assert listed(kind=samples.simple.kind) == set()
    assert listed(q=str(dead.pk)) == {dead}
    assert listed(q=str(row_id)) == {waiting}
    assert b"The provider refused the order." in operator.get(page_of(dead)).content


def test_a_dead_letter_is_retried_with_all_attempts(operator):
    dead = dead_letter(uuid.uuid4())
    assert told(run(operator, dead)) == ["1 will run now."]
    dead.refresh_from_db()
    assert (dead.state, dead.attempts, dead.finished_at) == (State.WAITING, 0, None)
    assert run_due_tasks() == [samples.keyed.kind]
    assert LogEntry.objects.get().get_change_message() == "Run now"


def test_a_task_that_waits_for_its_next_attempt_is_run_now(operator):
    samples.failures[:] = [RuntimeError()]
    samples.failing.enqueue()
    assert run_due_tasks() == [samples.failing.kind]
    assert run_due_tasks() == []
    run(operator, StoredTask.objects.get())
    assert run_due_tasks() == [samples.failing.kind]
    assert StoredTask.objects.get().attempts == 2


@pytest.mark.parametrize("state", [State.RUNNING, State.SUCCEEDED])
def test_what_runs_or_has_succeeded_is_left_alone(operator, state):
    samples.simple.enqueue(1)
    (claim,) = claim_due(1, declared_kinds())
    if state == State.SUCCEEDED:
        store(claim, Outcome(None, 0.1))
    stored = StoredTask.objects.get()
    assert "1 left unchanged." in told(run(operator, stored))[0]
    before = (stored.state, stored.attempts, stored.lease)
    stored.refresh_from_db()
    assert (stored.state, stored.attempts, stored.lease) == before
    assert LogEntry.objects.count() == 0


def test_a_dead_letter_whose_key_is_taken_is_left_alone(operator):
    row_id = uuid.uuid4()
    first, second = dead_letter(row_id), dead_letter(uuid.uuid4())
    samples.keyed.enqueue(row_id)
    assert [one[0] for one in told(run(operator, first, second))] == ["1", "1"]
    states = {one.pk: one.state for one in StoredTask.objects.all()}
    assert (states[first.pk], states[second.pk]) == (State.DEAD, State.WAITING)


def test_a_recurring_task_is_run_before_its_time(operator):
    samples.every_hour.enqueue()
    StoredTask.objects.update(due_at=Now() + timedelta(hours=1))
    run(operator, StoredTask.objects.get())
    assert run_due_tasks(recurring=True) == [samples.every_hour.kind]


def test_nothing_can_be_added_changed_or_deleted(operator):
    dead = dead_letter(uuid.uuid4())
    before = StoredTask.objects.values().get()
    assert operator.get(reverse("admin:tasks_storedtask_add")).status_code == 403
    assert operator.post(reverse("admin:tasks_storedtask_delete", args=[dead.pk]), {"post": "yes"}).status_code == 403
    operator.post(page_of(dead), {"state": "waiting", "kind": "deals.other", "args": "[]"})
    assert StoredTask.objects.values().get() == before


def test_viewing_does_not_permit_retrying():
    dead, viewer = dead_letter(uuid.uuid4()), client_of("view_storedtask")
    assert viewer.get(page_of(dead)).status_code == 200
    run(viewer, dead)
    assert StoredTask.objects.get().state == State.DEAD


@pytest.mark.parametrize("who", ["staff without permissions", "influencer", "nobody"])
def test_others_see_nothing(who):
    client = Client()
    if who != "nobody":
        client = client_of() if who == "staff without permissions" else client
    if who == "influencer":
        client.force_login(make_user("influencer"))
    dead = dead_letter(uuid.uuid4())
    for address in (reverse(LIST), page_of(dead)):
        assert client.get(address).status_code in (302, 403)
    run_response = client.post(reverse(LIST), {"action": "run_now", "_selected_action": [dead.pk]})
    assert run_response.status_code in (302, 403)
    assert StoredTask.objects.get().state == State.DEAD
