"""The search index of names is updated by every way to write a name."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import F, Value
from django.db.models.functions import Concat
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import NameWord, User
from accounts.selectors import users_with_wrong_words
from stoory import bench_data, demo
from tests.factories import make_staff, make_user

pytestmark = pytest.mark.django_db


def words(user: User) -> set[str]:
    return {str(word) for word in NameWord.objects.filter(user=user)}


def drop_words(user: User) -> None:
    NameWord.objects.filter(user=user).delete()


# --- Each way to write a name ---


def test_a_new_user():
    assert words(make_user(name="Anaya Rao-Sharma")) == {"anaya", "rao", "sharma"}


def test_a_saved_name():
    user = make_user(name="Anaya Rao")
    user.name = "Mira Rao"
    user.save(update_fields=["name"])
    assert words(user) == {"mira", "rao"}
    user.name = "…"
    user.save()
    assert words(user) == set()


def test_a_name_computed_by_the_database():
    user = make_user(name="Anaya")
    user.name = Concat(F("name"), Value(" Rao"))
    user.save()
    assert words(user) == {"anaya", "rao"}


def test_saving_other_fields_does_not_query_words():
    user = make_user(name="Anaya Rao")
    user.findable = False
    with CaptureQueriesContext(connection) as captured:
        user.save(update_fields=["findable"])
    assert not [one for one in captured if "nameword" in one["sql"]]


def test_bulk_updates_of_names():
    users = [make_user(name=f"Anaya {number}") for number in range(3)]
    others = make_user(name="Dev")
    assert User.objects.filter(name__startswith="Anaya").update(name=Concat(Value("Mira "), F("name"))) == 3
    assert [words(user) for user in users] == [{"mira", "anaya", str(number)} for number in range(3)]
    assert words(others) == {"dev"}
    User.objects.filter(pk=others.pk).update(is_blocked=True)
    assert words(others) == {"dev"}


def test_bulk_creation_of_users():
    people = [User(email=f"bulk{number}@example.com", name=f"Bulk {number}", password="!") for number in range(3)]
    made = User.objects.bulk_create(people)
    assert [words(user) for user in made] == [{"bulk", str(number)} for number in range(3)]
    for user in made:
        user.name = f"Other {user.name}"
    User.objects.bulk_update(made, ["name"])
    assert [words(user) for user in made] == [{"other", "bulk", str(number)} for number in range(3)]


def test_ignored_conflicts_keep_existing_words():
    there = make_user(name="Anaya")
    again = [User(email=there.email, name="Somebody Else", password="!")]
    User.objects.bulk_create(again, ignore_conflicts=True)
    assert words(there) == {"anaya"}
    assert not NameWord.objects.filter(user_id=again[0].pk).exists()


def test_updating_or_creating():
    user, _ = User.objects.update_or_create(email="a@example.com", defaults={"name": "Anaya Rao", "password": "!"})
    User.objects.update_or_create(email="a@example.com", defaults={"name": "Mira"})
    assert words(user) == {"mira"}


def test_the_form_of_the_admin():
    admin, user = Client(), make_user(name="Anaya")
    admin.force_login(make_staff())
    sessions = {f"login_sessions-{name}_FORMS": "0" for name in ("TOTAL", "INITIAL")}
    given = sessions | {"email": user.email, "name": "Mira Rao", "role": user.role, "is_active": "on"}
    page = reverse("admin:accounts_user_change", args=[user.pk])
    assert admin.post(page, given).status_code == 302
    user.refresh_from_db()
    assert (words(user), user.findable) == ({"mira", "rao"}, False)


def test_a_command():
    call_command("createsuperuser", email="boss.person@example.com", interactive=False, stdout=StringIO())
    assert words(User.objects.get(email="boss.person@example.com")) == {"boss", "person"}


def test_users_of_benchmarks_and_of_the_demo():
    bench_data.people(3)
    demo.make()
    assert {"bench", "2"} <= {str(word) for word in NameWord.objects.filter(user__email="bench-000002@example.com")}
    assert users_with_wrong_words() == []


def test_the_longest_names():
    square = "\u3316\u332e\u3332\u3334\u3336\u3347\u334a\u3356"
    for name in ("\u3316" * 100, (square * 13)[:100], " ".join(square * 6)):
        user = make_user(name=name)
        assert users_with_wrong_words() == []
        assert words(user)


def test_deleting_a_user_deletes_its_words():
    user = make_user(name="Anaya Rao")
    pk = user.pk
    user.delete()
    assert not NameWord.objects.filter(user_id=pk).exists()


def test_words_of_a_user_deleted_by_an_older_release_are_removed():
    """Processes of the previous release delete users in this way after the migration has run."""
    user = make_user(name="Anaya Rao")
    User.objects.filter(pk=user.pk)._raw_delete("default")
    connection.check_constraints([User._meta.db_table])
    assert users_with_wrong_words() == [user.pk]
    NameWord.objects.rewrite(users_with_wrong_words())
    assert not NameWord.objects.filter(user_id=user.pk).exists()


# --- Names written without updating the index ---


def verify(*options: str) -> str:
    out = StringIO()
    call_command("verify_names", *options, stdout=out)
    return out.getvalue()


def test_correct_words():
    make_user(name="Anaya Rao")
    make_user(name="…")
    assert "The search words of all users match" in verify()


def test_wrong_words_are_reported_and_repaired():
    lacking, renamed, right = (make_user(name=name) for name in ("Anaya Rao", "Mira", "Dev"))
    drop_words(lacking)
    User._base_manager.filter(pk=renamed.pk).update(name="Leela")
    with pytest.raises(CommandError, match="2 users have wrong search words"):
        verify()
    assert users_with_wrong_words() == sorted([lacking.pk, renamed.pk])
    assert "2 repaired" in verify("--repair")
    assert [words(user) for user in (lacking, renamed, right)] == [{"anaya", "rao"}, {"leela"}, {"dev"}]
    assert "The search words of all users match" in verify()


def test_more_users_than_one_batch(monkeypatch):
    monkeypatch.setattr("accounts.selectors.CHUNK", 2)
    monkeypatch.setattr("accounts.models.NameWordQuerySet.CHUNK", 2)
    users = [make_user(name=f"Anaya {number}") for number in range(5)]
    for user in users[::2]:
        drop_words(user)
    assert users_with_wrong_words() == sorted(user.pk for user in users[::2])
    verify("--repair")
    assert [words(user) for user in users] == [{"anaya", str(number)} for number in range(5)]
