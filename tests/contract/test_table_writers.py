"""The modules that write each table are found in the source, and a deal is written by no other module."""

import ast
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from textwrap import indent
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, models

from accounts.models import LoginSession, NameWord, User
from conversations.models import Conversation, Participant
from deals.models import Deal, Offer
from foundation.database.bulk import insert_instances, insert_many, update_many
from messaging.models import Message, Upload
from stoory.table_writers import calls, calls_in, writers
from tests.deals import make_deal
from tests.factories import log_in, make_user
from tests.packages import PACKAGES

SOURCES = set(PACKAGES) - {"foundation", "socketio_server"}
"""The packages whose code names the models that it writes."""

NOT_ROWS = {
    "MigrationRecorder(connection).migration_qs.filter(app=APP).delete",  # rows of Django's list of applied migrations
    "file.storage.delete",
    "self._client.v1.refunds.create",
    "self._client.v1.payment_intents.create",
}
"""Calls of methods with the name of a method that writes rows, on objects without annotations."""


def lock_deal(pk: int) -> Deal: ...


class Holder:
    offer: Offer
    parts: "dict[str, Upload]"

    @property
    def conversation(self) -> "Conversation | None": ...

    def newest(self) -> list[Message]: ...


NAMES: dict[str, Any] = {
    **{model.__name__: model for model in (User, LoginSession, NameWord, Conversation, Participant, Deal, Offer)},
    **{"Message": Message, "Upload": Upload, "models": sys.modules["messaging.models"], "QuerySet": models.QuerySet},
    **{one.__name__: one for one in (insert_many, insert_instances, update_many, lock_deal, Holder)},
    "UserQuerySet": type(User.objects.all()),
}

WRITES = {
    "Offer.objects.create(amount=1)": Offer,
    "models.Message.objects.filter(pk=1).update(message='')": Message,
    "Offer(amount=1).save()": Offer,
    "[Offer.objects.bulk_create(rows) for rows in many]": Offer,
    "offer = Offer(amount=1)\noffer.save()": Offer,
    "offer = Offer.objects.filter(pk=1).first() if pk else None\noffer.seen_at = now()\noffer.delete()": Offer,
    "for offer in Offer.objects.all():\n    offer.delete()": Offer,
    "if offer := Offer.objects.first():\n    offer.save(update_fields=['hash'])": Offer,
    "row, is_new = Deal.objects.get_or_create(pk=1)": Deal,
    "row, is_new = Deal.objects.get(pk=1)\nrow.save()": Deal,
    "deal = lock_deal(1)\ndeal.save()": Deal,
    "lock_deal(1).last_offer.save()": Offer,
    "with held(1) as other, lock_deal(1) as deal:\n    deal.save()": Deal,
    "await Deal.objects.acreate(pk=1)": Deal,
    "insert_many(Deal, rows)": Deal,
    "bulk.update_many(model=models.Message, rows=rows)": Message,
    "rows = [Message(pk=1) for _ in range(2)]\ninsert_instances(rows)": Message,
    "rows = []\nfor one in some:\n    rows += [Message(pk=one)]\ninsert_instances(rows)": Message,
    "rows: list[Message] = read()\nfor row in rows:\n    row.save()": Message,
    "def f(message: Message):\n    message.save()": Message,
    "def f(*, rows: 'QuerySet[Message]'):\n    rows.filter(pk=1).delete()": Message,
    "def f(rows: dict[str, list[Message]]):\n    for row in rows['a']:\n        row.save()": Message,
    "def f(message: Message):\n    def g():\n        message.attachments.all().delete()": Upload,
    "def f(user: User):\n    user.login_sessions.live().update(reason='')": LoginSession,
    "def f(holder: Holder):\n    holder.offer.save()\n": Offer,
    "def f(holder: Holder):\n    holder.conversation.save()": Conversation,
    "def f(holder: Holder):\n    holder.parts['a'].save()": Upload,
    "def f(holder: Holder):\n    list(holder.newest())[0].save()": Message,
    "class User:\n    def lock(self):\n        self.save(update_fields=['password'])": User,
    "class UserQuerySet:\n    def lock(self):\n        self.filter(pk=1).update(password='')": User,
    "apps.get_model('accounts', 'User').objects.using(using).get_or_create(pk=1)": User,
}

WRITES_NO_ROWS = (
    "class User:\n    def save(self, *args):\n        super().save(*args)",
    "seen: dict = {}\nseen.update({'a': 1})",
    "digest.update(b'a')",
    "def f(upload: Upload):\n    upload.file.save('name', content)",
    "Offer.objects.filter(pk=1).first()",
    "save(Offer)",
    "def f(holder: Holder):\n    holder.save()",
)


@pytest.mark.parametrize("source", WRITES)
def test_a_write_is_found(source):
    in_function = "async def function():\n" + indent(source, "    ")
    tree = ast.parse(source if source.startswith("class") else in_function)
    assert [call.model for call in calls_in("a.b", tree, NAMES) if call.model] == [WRITES[source]]


@pytest.mark.parametrize("source", WRITES_NO_ROWS)
def test_other_calls_write_no_rows(source):
    assert [call.model for call in calls_in("a.b", ast.parse(source), NAMES) if call.model] == []


@pytest.mark.parametrize(
    "source", ["offer.save()", "for one in rows:\n    one.delete()", "def f(a):\n    a.update(b=1)"]
)
def test_a_receiver_without_annotation_is_not_known(source):
    (call,) = calls_in("a.b", ast.parse(source), NAMES)
    assert (call.receiver, call.module) == (None, "a.b")
    assert re.fullmatch(r"a\.b:[12]", call.place)


def test_the_receivers_in_the_packages_are_known():
    """If this test fails, annotate the parameter or the result that leads to the receiver."""
    unknown = {call.text: call.place for call in calls(SOURCES) if call.receiver is None}
    assert {text: place for text, place in unknown.items() if text not in NOT_ROWS} == {}


def test_writers_are_named_once_and_exist():
    for model, modules in writers(SOURCES).items():
        assert modules == sorted(set(modules)), model
        assert all(one in sys.modules for one in modules), model


WRITING = re.compile(r'\s*(?:INSERT (?:OR IGNORE )?INTO|UPDATE|DELETE FROM) "(\w+)"', re.IGNORECASE)


@contextmanager
def written() -> Iterator[set[tuple[str, frozenset[str]]]]:
    """Collect the tables that statements of this thread write, each with the modules on the stack."""
    seen: set[tuple[str, frozenset[str]]] = set()

    def record(execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        if table := WRITING.match(sql):
            seen.add((table[1], frozenset(_modules_on_the_stack())))
        return execute(sql, *args)

    with connection.execute_wrapper(record):
        yield seen


def _modules_on_the_stack() -> Iterator[str]:
    frame = sys._getframe(2)
    while frame is not None:
        yield frame.f_globals.get("__name__", "")
        frame = frame.f_back


@pytest.mark.django_db
def test_a_deal_is_written_by_the_modules_of_the_page():
    """Each statement that writes a table is caused by one of the modules that the page names."""
    if connection.vendor != "sqlite":
        pytest.skip("pipelines send statements without Django")
    with written() as seen:
        make_deal("real_time")
        log_in(make_user())
    models_by_table = {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}
    named = writers(SOURCES)
    assert {"deals_offer", "deals_paymentorder", "messaging_message", "realtime_roomevent"} <= {one for one, _ in seen}
    wrong = {table: stack for table, stack in seen if not stack & set(named.get(models_by_table[table], ()))}
    assert wrong == {}
