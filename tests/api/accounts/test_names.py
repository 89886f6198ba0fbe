"""Names and titles at every entry: registration, the own account, the admin, conversations."""

# ruff: noqa: RUF001 (letters of other scripts)

import importlib
import unicodedata

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import SYSTEM_USER_ID, NameWord, User
from accounts.names import keys_of
from conversations.models import Conversation
from tests.api.shapes import refused
from tests.factories import make_staff, make_user

INVISIBLE = {
    "override": "Anna\u202e",
    "isolate": "\u2068Anna\u2069",
    "zero-width space": "An\u200bna",
    "joiner": "An\u200dna",
    "soft hyphen": "An\u00adna",
    "tag": "Anna\U000e0041",
    "two lines": "Anna\n\nSystem",
    "line separator": "Anna\u2028Wang",
}
SUSPICIOUS = {"mixed": "Pаypal", "bold": "𝐑𝐢𝐲𝐚", "wide": "Ｒｉｙａ", "mixed word of two": "Anna Мarx"}
RESERVED = {
    "plain": "System",
    "spaced": "s t o o r y",
    "Cyrillic": "Ѕуstеm",
    "together": "Stoory Support",
    "wide": "ａｄｍｉｎ",
}
REFUSED = INVISIBLE | SUSPICIOUS | RESERVED
TAKEN = {
    "decomposed": "Jose\u0301",
    "Persian": "نامه\u200cای",
    "Hindi": "क्\u200dषमा",
    "Systematic Films": "Systematic Films",
    "two scripts": "दिव्या Sharma",
    "emoji": "Riya ❤\ufe0f",
}


def registers(name: str):
    body = {"email": "new@example.com", "password": "correct-Horse-7", "name": name, "role": "influencer"}
    return Client().post("/api/auth/register", body, content_type="application/json")


def kept(name: str) -> str:
    return unicodedata.normalize("NFC", name).removesuffix("\ufe0f")


@pytest.mark.parametrize("name", REFUSED.values(), ids=REFUSED)
def test_refused_names(db, brand, name):
    refused(registers(name), 400, "invalid", "name")
    refused(brand.api.patch("/api/auth/me", {"name": name}), 400, "invalid", "name")
    assert brand.reads("/api/auth/me")["user"]["name"] == "Anaya"
    assert not User.objects.filter(email="new@example.com").exists()


@pytest.mark.parametrize("name", TAKEN.values(), ids=TAKEN)
def test_names_are_stored_in_nfc(db, brand, name):
    assert registers(f"  {name} ").json()["user"]["name"] == kept(name)
    assert brand.api.patch("/api/auth/me", {"name": name}).json()["user"]["name"] == kept(name)
    user = User.objects.get(pk=brand.pk)
    assert user.name == kept(name)
    assert {bytes(one.key) for one in user.name_words.all()} == keys_of(name)


def test_a_name_has_at_most_100_characters_in_nfc(brand):
    composed = "e\u0301" * 100
    assert brand.api.patch("/api/auth/me", {"name": composed}).json()["user"]["name"] == "é" * 100
    for name in ("x" * 101, "e\u0301" * 101, "\u0958" * 51, "\u0301" * 20_000):
        refused(brand.api.patch("/api/auth/me", {"name": name}), 400, "invalid", "name")


def test_who_has_a_reserved_name_keeps_it_until_it_is_changed(brand):
    User.objects.filter(pk=brand.pk).update(name="Stoory Support")
    answer = brand.api.patch("/api/auth/me", {"name": "Stoory Support", "findable": False})
    assert answer.json()["user"]["name"] == "Stoory Support"
    assert brand.api.patch("/api/auth/me", {"name": "Anaya"}).json()["user"]["name"] == "Anaya"
    refused(brand.api.patch("/api/auth/me", {"name": "Stoory Support"}), 400, "invalid", "name")


# Titles


def opens(brand, influencer, title: str):
    body = {"conversation_type": "campaign", "influencer_id": influencer.id, "title": title}
    return brand.api.post("/api/conversations", body)


@pytest.mark.parametrize("title", INVISIBLE.values(), ids=INVISIBLE)
def test_refused_titles(brand, influencer, title):
    refused(opens(brand, influencer, title), 400, "invalid", "title")
    assert not Conversation.objects.exists()


@pytest.mark.parametrize(
    "title", ["दीवाली Reels 2026", "Pаypal", "Ｒｅｅｌ", "System", "e\u0301te\u0301", "क्\u200dष ❤\ufe0f"]
)
def test_titles_may_mix_scripts_and_are_stored_in_nfc(brand, influencer, title):
    answer = opens(brand, influencer, title)
    assert answer.json()["conversation"]["title"] == kept(title)
    assert Conversation.objects.get().title == kept(title)


# The admin


@pytest.fixture
def admin(db) -> Client:
    client = Client()
    client.force_login(make_staff())
    return client


def change(client: Client, user: User, name: str):
    sessions = {f"login_sessions-{part}_FORMS": "0" for part in ("TOTAL", "INITIAL")}
    form = sessions | {"email": user.email, "name": name, "role": user.role, "is_active": "on"}
    return client.post(reverse("admin:accounts_user_change", args=[user.pk]), form)


@pytest.mark.parametrize("name", REFUSED.values(), ids=REFUSED)
def test_names_that_the_admin_refuses(admin, name):
    user = make_user(name="Mira")
    assert change(admin, user, name).status_code == 200
    passwords = {"password1": "correct-Horse-7", "password2": "correct-Horse-7", "usable_password": "true"}
    form = {"email": "new@example.com", "name": name, "role": "influencer"} | passwords
    assert admin.post(reverse("admin:accounts_user_add"), form).status_code == 200
    assert list(User.objects.filter(role="influencer").values_list("name", flat=True)) == ["Mira"]


def test_the_admin_stores_nfc_and_keeps_a_reserved_name(admin):
    user = make_user(name="Support")
    assert change(admin, user, "Support").status_code == 302
    assert change(admin, user, "Rene\u0301").status_code == 302
    user.refresh_from_db()
    assert user.name == "René"
    assert change(admin, user, "Support").status_code == 200


# Stored names and titles


def test_operators_get_a_list_of_reserved_names(db, capsys, settings):
    settings.RESERVED_NAMES = ["Acme"]
    found = [make_user(name="Support"), make_user(name="АСМЕ"), make_staff(name="Admin")]
    make_user(name="Systematic Films")
    call_command("reserved_names")
    lines = capsys.readouterr().out.splitlines()
    assert lines[:-1] == [f"{one.pk} {one.email} {one.name}{' (staff)' if one.is_staff else ''}" for one in found]
    assert lines[-1] == "3 users have a reserved name."
    assert not any(str(SYSTEM_USER_ID) in line for line in lines)


def migrate(module: str, function: str) -> None:
    with connection.schema_editor() as editor:
        getattr(importlib.import_module(module), function)(apps, editor)


@pytest.mark.django_db(transaction=True)
def test_a_migration_cleans_stored_names(monkeypatch):
    monkeypatch.setattr("accounts.migrations.0003_clean_names.BATCH", 2)
    stored = {
        "Jose\u0301": "José",
        "An\u200bna\u202e": "Anna",
        "Anna\n\nSystem": "Anna System",
        "क्\u200dष": "क्\u200dष",
        "Support": "Support",
        "Pаypal": "Pаypal",
        "\u0958" * 100: "क\u093c" * 50,
        "\u3164": "influencer",
    }
    users = [make_user() for _ in stored]
    for user, name in zip(users, stored, strict=True):
        User.objects.filter(pk=user.pk).update(name=name, email=f"influencer{user.pk}@example.com")
    migrate("accounts.migrations.0003_clean_names", "clean_names")
    for user, name in zip(users, stored.values(), strict=True):
        user.refresh_from_db()
        assert user.name.startswith(name)
        assert {bytes(one.key) for one in NameWord.objects.filter(user=user)} == keys_of(user.name)
    migrate("accounts.migrations.0003_clean_names", "clean_names")  # again: nothing changes


@pytest.mark.django_db(transaction=True)
def test_a_migration_cleans_stored_titles(monkeypatch):
    monkeypatch.setattr("conversations.migrations.0002_clean_titles.BATCH", 2)
    stored = {"e\u0301te\u0301": "été", "a\u2028b\u202e": "a b", "\u200b": "", "दीवाली Reels": "दीवाली Reels", "": ""}
    rows = [
        Conversation.objects.create(
            conversation_type="direct", title=title, currency="INR", flow_name="direct", flow_version=1,
            flow_state="open", chat_status="real_time",
        )
        for title in stored
    ]  # fmt: skip
    migrate("conversations.migrations.0002_clean_titles", "clean_titles")
    for row, title in zip(rows, stored.values(), strict=True):
        row.refresh_from_db()
        assert row.title == title
