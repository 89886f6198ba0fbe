"""docs/tasks.md: its tasks are declared, enqueued and run."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace
from typing import Any

import pytest
from django.core import mail
from django.db.models.functions import Now

from foundation import clock
from notifications.models import Notification
from tasks import declarations
from tasks.models import State, StoredTask
from tests.docs.blocks import blocks_of
from tests.docs.claims import runs
from tests.factories import make_user
from tests.harness.tasks import run_due_tasks

pytestmark = pytest.mark.django_db

DOCUMENT = "docs/tasks.md"
MODULE = "documents.tasks"
DECLARING = ("Declare a task", "Recurring tasks", "Calls to other systems")


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The names of a module with all declarations of the document."""
    monkeypatch.setattr(declarations, "_declared", dict(declarations._declared))
    names: dict[str, Any] = {"__name__": MODULE}
    for block in blocks_of(DOCUMENT):
        if block.heading in DECLARING:
            exec(compile(block.text, block.place, "exec"), names)
    return names


@runs(DOCUMENT, "Declare a task", "python")
def test_the_first_task_sends_a_mail_unless_the_notification_was_read(blocks, module):
    mail_notification = module["mail_notification"]
    assert mail_notification.kind == "documents.mail_notification"
    user = make_user()
    for read_at in (None, clock.now()):
        found = Notification.objects.create(user=user, type="message", title="New message", read_at=read_at)
        mail_notification.enqueue(found.pk)
    assert run_due_tasks() == [mail_notification.kind] * 2
    assert [one.to for one in mail.outbox] == [[user.email]]


@runs(DOCUMENT, "Enqueue it", "python")
def test_a_task_is_enqueued_with_its_cause(blocks, module):
    user = make_user()
    exec("from django.db import transaction\n" + blocks[0].text, module | {"user": user})
    stored = StoredTask.objects.get()
    assert stored.kind == "documents.mail_notification"
    assert stored.args["args"] == [str(Notification.objects.get().pk)]


@runs(DOCUMENT, "Recurring tasks", "python")
def test_the_recurring_task_runs(blocks, module):
    module["delete_old_notifications"].enqueue()
    assert run_due_tasks(recurring=True) == ["documents.delete_old_notifications"]
    assert StoredTask.objects.get().state == State.WAITING


@pytest.fixture
def service() -> Iterator[SimpleNamespace]:
    """A service that answers with the chosen status codes, and records the requests."""
    state = SimpleNamespace(answers=[], requests=[], url="")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.requests.append((self.headers["Idempotency-Key"], json.loads(body)))
            self.send_response(state.answers.pop(0))
            self.send_header("Retry-After", "30")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        state.url = f"http://127.0.0.1:{server.server_port}/"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield state
        server.shutdown()
        thread.join()


@runs(DOCUMENT, "Calls to other systems", "python")
def test_the_push_is_repeated_with_the_same_key_until_it_is_rejected(blocks, module, service, settings):
    settings.PUSH_URL = service.url
    service.answers[:] = [500, 429, 400]
    found = Notification.objects.create(user=make_user(), type="message", title="New message")
    result = module["push_notification"].enqueue(found.pk)
    states = []
    for _ in range(3):
        StoredTask.objects.filter(state=State.WAITING).update(due_at=Now())
        run_due_tasks()
        states.append(StoredTask.objects.get().state)
    assert states == [State.WAITING, State.WAITING, State.DEAD]
    assert service.requests == [(result.id, {"title": "New message"})] * 3
    assert StoredTask.objects.get().error == "The service answered 400."


def test_a_push_for_a_missing_notification_is_rejected(module, settings):
    module["push_notification"].enqueue(make_user().pk)
    run_due_tasks()
    assert StoredTask.objects.get().error == "The notification does not exist."
