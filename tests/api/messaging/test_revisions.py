"""`GET /api/messages/{id}/revisions`, the files of deleted messages, and how long both are kept."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from conversations.models import Conversation, ConversationView
from foundation import clock
from messaging.editing import edit_message
from messaging.models import MessageRevision, Upload
from messaging.requests import EditMessageRequest
from messaging.retention import delete_old_revisions
from messaging.uploads.services import delete_unsent_uploads
from tests.api.messaging.test_sending import ABSENT
from tests.api.messaging.uploads.test_uploads import picture, uploaded
from tests.api.shapes import is_time, is_uuid7, refused, succeeded
from tests.factories import make_staff
from tests.harness.people import Person
from tests.people import person, user_of

PERMISSION = "view_messagerevision"


@pytest.fixture(autouse=True)
def media(settings, tmp_path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def chat(brand, influencer) -> str:
    return brand.opens_chat_with(influencer)


def staff_with(*names: str) -> Person:
    user = make_staff(is_superuser=False)
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    return person(user)


@pytest.fixture
def reviewer(db) -> Person:
    return staff_with(PERMISSION)


def looks() -> list[tuple[str, str, str]]:
    rows = ConversationView.objects.filter(through__startswith="revisions:").order_by("viewed_at")
    return [(str(one.viewer_id), one.through, one.subject) for one in rows]


def changed(who: Person, chat: str, *texts: str, **more) -> str:
    """Send a message, edit it, and delete it. Returns its id."""
    message = who.says(chat, texts[0], **more)["id"]
    for text in texts[1:]:
        assert who.api.patch(f"/api/messages/{message}", {"message": text}).status_code == 200
    assert who.api.delete(f"/api/messages/{message}").status_code == 200
    return message


def test_former_words_newest_first(brand, influencer, chat, reviewer):
    message = changed(brand, chat, "albatross", "gull 🕊", "heron", media_url="https://example.com/a.jpg")
    body = succeeded(reviewer.api.get(f"/api/messages/{message}/revisions"), "results", "next", "previous")
    found = body["results"]
    assert [(one["message"], one["reason"]) for one in found] == [
        ("heron", "deleted"),
        ("gull 🕊", "edited"),
        ("albatross", "edited"),
    ]
    for one in found:
        assert one.keys() == {"id", "message", "media_url", "reason", "replaced_at", "attachments"}
        assert is_uuid7(one["id"])
        assert is_time(one["replaced_at"])
        assert (one["media_url"], one["attachments"]) == ("https://example.com/a.jpg", [])
    page = reviewer.reads(f"/api/messages/{message}/revisions", limit=2)
    assert [one["message"] for one in page["results"]] == ["heron", "gull 🕊"]
    rest = reviewer.reads(f"/api/messages/{message}/revisions", limit=2, cursor=page["next"])
    assert [one["message"] for one in rest["results"]] == ["albatross"]
    assert looks() == [(reviewer.id, "revisions:rest", message)] * 3


def test_a_message_that_was_not_changed_has_no_revisions(brand, chat, reviewer):
    message = brand.says(chat, "Hello")["id"]
    brand.api.patch(f"/api/messages/{message}", {"message": "Hello"})
    assert reviewer.reads(f"/api/messages/{message}/revisions")["results"] == []


def test_only_staff_with_the_permission_can_look(brand, influencer, stranger, chat):
    message = changed(brand, chat, "albatross", "gull")
    path = f"/api/messages/{message}/revisions"
    user = user_of(brand)
    user.user_permissions.set(Permission.objects.filter(codename=PERMISSION))  # not staff
    for who in (brand, influencer, staff_with("view_message", "view_conversation")):
        refused(who.api.get(path), 403, "forbidden")
    refused(stranger.api.get(path), 404, "not_found")
    refused(Client().get(path), 401, "token_missing")
    assert looks() == []
    assert person(make_staff()).reads(path)["results"], "a superuser has every permission"


def test_unknown_messages(reviewer):
    for unknown in (ABSENT, "nothing"):
        refused(reviewer.api.get(f"/api/messages/{unknown}/revisions"), 404, "not_found")


def test_files_of_a_deleted_message_stay_for_that_staff_only(brand, influencer, chat, reviewer, operator):
    upload = uploaded(brand, picture())
    message = changed(brand, chat, "albatross", attachments=[upload["id"]])
    (revision,) = reviewer.reads(f"/api/messages/{message}/revisions")["results"]
    assert revision["attachments"] == [upload]
    assert brand.reads(f"/api/messages/{message}")["message"]["attachments"] == []
    for path in (upload["url"], upload["thumbnail_url"]):
        for who in (brand, influencer, staff_with("view_upload", "view_conversation")):
            refused(who.api.get(path), 404, "not_found")
        for who in (reviewer, operator):
            assert who.api.get(path).status_code == 200
    assert reviewer.api.get(upload["url"]).content == picture()
    assert looks()[-1] == (reviewer.id, "revisions:file", upload["id"])


def test_a_file_of_a_deleted_message_cannot_be_sent_again_and_is_not_unsent(brand, chat, reviewer):
    upload = uploaded(brand)
    changed(brand, chat, "albatross", attachments=[upload["id"]])
    again = {"conversation_id": chat, "message": "again", "attachments": [upload["id"]]}
    refused(brand.api.post("/api/messages", again), 400, "invalid", "attachments")
    with clock.moved(timedelta(days=2)):
        assert delete_unsent_uploads() == 0
    assert reviewer.api.get(upload["url"]).status_code == 200


@pytest.mark.parametrize("days", [1, 180, 400.5])
def test_revisions_are_deleted_after_their_time_with_the_files(brand, chat, media, settings, days):
    settings.MESSAGE_REVISION_RETENTION = timedelta(days=days)
    upload = uploaded(brand, picture())
    changed(brand, chat, "albatross", "gull", attachments=[upload["id"]])
    with clock.moved(timedelta(days=days) - timedelta(minutes=1)):
        assert delete_old_revisions() == 0
    with clock.moved(timedelta(days=days) + timedelta(minutes=1)):
        assert delete_old_revisions() == 3
        assert delete_old_revisions() == 0
    assert not MessageRevision.objects.exists()
    assert not Upload.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("days", [0, 180])
def test_files_disappear_from_the_storage_with_their_revision(brand, influencer, media, settings, days):
    settings.MESSAGE_REVISION_RETENTION = timedelta(days=days)
    chat = brand.opens_chat_with(influencer)
    upload = uploaded(brand, picture())
    changed(brand, chat, "albatross", attachments=[upload["id"]])
    assert len([one for one in media.rglob("*") if one.is_file()]) == (2 if days else 0)
    assert MessageRevision.objects.exists() == bool(days)
    with clock.moved(timedelta(days=181)):
        delete_old_revisions()
    assert [one for one in media.rglob("*") if one.is_file()] == []


def test_the_newest_revisions_stay(brand, chat, settings):
    message = brand.says(chat, "one")["id"]
    for day, text in enumerate(["two", "three", "four"]):
        with clock.moved(timedelta(days=100 * day)):
            edit_message(user=user_of(brand), message_id=message, data=EditMessageRequest(message=text))
    with clock.moved(timedelta(days=290)):
        assert delete_old_revisions() == 2
    assert [one.text for one in MessageRevision.objects.all()] == ["three"]


def test_former_words_after_a_deal_has_closed(brand, chat, reviewer):
    message = brand.says(chat, "albatross")["id"]
    Conversation.objects.update(chat_status="closed", flow_state="chat_closed", flow_name="deal")
    brand.api.delete(f"/api/messages/{message}")
    assert [one["message"] for one in reviewer.reads(f"/api/messages/{message}/revisions")["results"]] == ["albatross"]


# The admin


def signed_in(who: Person) -> Client:
    client = Client()
    client.force_login(user_of(who))
    return client


def test_the_admin_shows_former_words_and_files_and_records_each_look(brand, chat, reviewer):
    upload = uploaded(brand, picture())
    message = changed(brand, chat, "<b>albatross</b>", attachments=[upload["id"]])
    revision = MessageRevision.objects.get()
    client = signed_in(reviewer)
    listed = client.get(reverse("admin:messaging_messagerevision_changelist"), {"q": message})
    assert message in listed.content.decode()
    assert "albatross" not in listed.content.decode()
    assert looks() == []
    page = client.get(reverse("admin:messaging_messagerevision_change", args=[revision.pk])).content.decode()
    assert "&lt;b&gt;albatross&lt;/b&gt;" in page
    assert looks() == [(reviewer.id, "revisions:admin", message)]
    file = reverse("admin:messaging_messagerevision_file", args=[revision.pk, upload["id"]])
    assert file in page
    assert client.get(file).getvalue() == picture()
    assert looks()[-1] == (reviewer.id, "revisions:file", upload["id"])


def test_other_staff_see_neither_words_nor_the_way_to_them(brand, chat, reviewer):
    upload = uploaded(brand, picture())
    changed(brand, chat, "albatross", attachments=[upload["id"]])
    revision = MessageRevision.objects.get()
    other = signed_in(staff_with("view_conversation"))
    transcript = reverse("admin:conversations_conversation_change", args=[chat])
    assert "former words" not in other.get(transcript).content.decode()
    for name, args in (("changelist", []), ("change", [revision.pk]), ("file", [revision.pk, upload["id"]])):
        assert other.get(reverse(f"admin:messaging_messagerevision_{name}", args=args)).status_code == 403
    assert looks() == []
    both = signed_in(staff_with("view_conversation", PERMISSION))
    assert "former words" in both.get(transcript).content.decode()
    assert "albatross" not in both.get(transcript).content.decode()
