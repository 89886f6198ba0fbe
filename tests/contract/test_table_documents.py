"""The page about the database tables: each model has a rule and a docstring."""

import re
from datetime import timedelta

import pytest
from django.apps import apps

from accounts.models import User
from deals.models import Deal
from realtime import recovery
from stoory import table_documents
from stoory.table_documents import RULES, Rule, document


def test_every_table_has_one_row():
    page = document()
    for model in apps.get_models(include_auto_created=True):
        assert page.count(f"| `{model._meta.db_table}` | `{model.__name__}` |") == 1


def test_a_row_has_the_first_sentence_of_the_docstring(monkeypatch):
    monkeypatch.setattr(Deal, "__doc__", "A deal\n    of two. It is kept.")
    monkeypatch.setitem(RULES, "deals.Deal", Rule("for a year"))
    written = "`facts`, `opening`, `transitions`"
    assert f"| `deals_deal` | `Deal` | A deal of two. | {written} | for a year |\n" in document()


@pytest.mark.parametrize(
    ("table", "written"),
    [
        ("accounts_user", "`admin`, `models`, "),
        ("accounts_user", ", the admin |"),
        ("conversations_conversation", "`opening`, `deals.transitions`, "),
        ("realtime_roomevent", " | `event_log`, `publishing` | "),
        ("auth_group", " | the admin | "),
        ("django_content_type", " | `manage.py migrate` | "),
    ],
)
def test_a_row_says_what_writes_the_table(table, written):
    (row,) = [line for line in document().splitlines() if line.startswith(f"| `{table}` |")]
    assert written in row


def test_a_page_of_the_admin_that_only_shows_rows_does_not_write_them():
    (row,) = [line for line in document().splitlines() if line.startswith("| `conversations_conversation` |")]
    assert "the admin" not in row


@pytest.mark.parametrize("label", ["deals.Deal", "auth.Group", "accounts.LoginSession"])
def test_a_rule_does_not_say_what_is_known_from_the_code(monkeypatch, label):
    rule = RULES[label]
    monkeypatch.setitem(RULES, label, Rule(rule.kept, row=rule.row, written="somebody"))
    with pytest.raises(ValueError, match=rf"^{re.escape(label)} is written by somebody and by \["):
        document()


@pytest.mark.parametrize("label", ["sessions.Session", "auth.Permission"])
def test_a_model_that_nothing_writes_is_an_error(monkeypatch, label):
    rule = RULES[label]
    monkeypatch.setitem(RULES, label, Rule(rule.kept, row=rule.row))
    with pytest.raises(ValueError, match=rf"^{re.escape(label)} is written by nothing"):
        document()


def test_a_model_without_a_rule_is_an_error(monkeypatch):
    monkeypatch.delitem(RULES, "deals.Deal")
    with pytest.raises(ValueError, match=r"deals\.Deal$"):
        document()


def test_a_rule_without_a_model_is_an_error(monkeypatch):
    monkeypatch.setitem(RULES, "deals.Gone", Rule("always"))
    with pytest.raises(ValueError, match=r"deals\.Gone$"):
        document()


@pytest.mark.parametrize("docstring", [None, "", "User(id, email)"])
def test_a_model_without_a_docstring_is_an_error(monkeypatch, docstring):
    monkeypatch.setattr(User, "__doc__", docstring)
    with pytest.raises(ValueError, match=r"^accounts\.User has no docstring"):
        document()


def test_models_of_libraries_are_listed_apart():
    own, _, others = document().partition(f"## {table_documents.OTHERS}")
    assert "`accounts_user`" in own
    assert "`django_session`" in others


def test_socket_sessions_are_kept_as_long_as_the_page_says():
    assert timedelta(hours=25) == recovery.WINDOW + recovery.GRACE
    assert "25 hours" in RULES["realtime.SocketSession"].kept
