"""`GET`, `PATCH` and `DELETE /api/messages/{id}`."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from conversations.models import Conversation
from conversations.participant_removal import remove_participant
from foundation import clock
from messaging.models import Message
from realtime.models import RoomEvent
from tests.api.messaging.test_sending import ABSENT, NO_IDS
from tests.api.shapes import MESSAGE, is_time, refused, succeeded


@pytest.fixture
def chat(brand, influencer) -> str:
    return brand.opens_chat_with(influencer)


def events(person: Any, chat: str, *names: str) -> list[dict[str, Any]]:
    logged = person.reads(f"/api/conversations/{chat}/events")["results"]
    return [event for event in logged if event["event"] in names]


def close() -> None:
    Conversation.objects.update(chat_status="closed", flow_state="chat_closed", flow_name="deal")


# --- Editing ---


def test_an_edit(brand, influencer, chat):
    first = brand.says(chat, "Helo", media_url="https://example.com/", client_message_id="c1")
    body = succeeded(brand.api.patch(f"/api/messages/{first['id']}", {"message": " Hello "}), "message")
    edited = body["message"]
    assert edited.keys() == MESSAGE
    assert is_time(edited["edited_at"])
    assert edited == first | {"message": "Hello", "edited_at": edited["edited_at"]}
    assert influencer.reads(f"/api/messages/{first['id']}")["message"] == edited
    told = events(influencer, chat, "message_updated")
    assert [event["data"] for event in told] == [{"seq": told[0]["seq"], "conversation_id": chat, "message": edited}]


def test_an_edit_changes_only_the_text(brand, chat):
    first = brand.says(chat, "Helo", media_url="https://example.com/")
    more = {"media_url": "https://example.org/", "sender_id": ABSENT, "message_type": "system", "action_data": {}}
    edited = brand.api.patch(f"/api/messages/{first['id']}", {"message": "Hello"} | more).json()["message"]
    assert edited == first | {"message": "Hello", "edited_at": edited["edited_at"]}


def test_an_edit_with_the_same_text_changes_nothing(brand, chat):
    first = brand.says(chat, "Hello")
    again = brand.api.patch(f"/api/messages/{first['id']}", {"message": "Hello"}).json()["message"]
    assert again == first
    assert events(brand, chat, "message_updated") == []


def test_a_replay_has_the_new_text_and_then_its_update(brand, influencer, chat):
    first = brand.says(chat, "Helo")
    brand.says(chat, "Another")
    brand.api.patch(f"/api/messages/{first['id']}", {"message": "Hallo"})
    edited = brand.api.patch(f"/api/messages/{first['id']}", {"message": "Hello"}).json()["message"]
    told = events(brand, chat, "new_message", "message_updated")
    assert [(one["event"], one["data"]["message"]["message"]) for one in told] == [
        ("new_message", "Hello"),
        ("new_message", "Another"),
        ("message_updated", "Hello"),
        ("message_updated", "Hello"),
    ]
    assert told[0]["data"]["message"] == edited
    (notice, _) = influencer.reads("/api/notifications/events")["results"]
    assert (notice["data"]["data"]["body"], notice["data"]["data"]["message"]) == ("Hello", edited)


def test_an_edit_changes_no_order_and_no_unread_count(brand, influencer, chat):
    first = brand.says(chat, "Helo")
    influencer.api.post(f"/api/conversations/{chat}/read", {"up_to": first["seq"]})
    before = influencer.sees(chat)
    with clock.moved(timedelta(minutes=5)):
        brand.api.patch(f"/api/messages/{first['id']}", {"message": "Hello"})
    after = influencer.sees(chat)
    assert (after["unread_count"], after["updated_at"]) == (0, before["updated_at"])
    assert after["last_message"]["message"] == "Hello"


def test_a_closed_chat_rejects_edits(brand, chat):
    first = brand.says(chat, "Helo")
    close()
    answer = brand.api.patch(f"/api/messages/{first['id']}", {"message": "Hello"})
    body = refused(answer, 409, "conversation_closed", extra={"conversation", "available_actions"})
    assert body["conversation"] == brand.sees(chat)
    assert Message.objects.get().message == "Helo"


def test_a_deleted_message_cannot_be_edited(brand, chat):
    first = brand.says(chat, "Hello")
    brand.api.delete(f"/api/messages/{first['id']}")
    refused(brand.api.patch(f"/api/messages/{first['id']}", {"message": "Back"}), 404, "not_found")
    assert Message.objects.get().message == ""


# --- Deleting ---


def test_a_deletion_keeps_the_number(brand, influencer, chat):
    brand.says(chat, "before")
    first = brand.says(chat, "Hello", media_url="https://example.com/", client_message_id="c1")
    last = brand.says(chat, "after")
    body = succeeded(brand.api.delete(f"/api/messages/{first['id']}"), "message")
    gone = body["message"]
    assert is_time(gone["deleted_at"])
    assert gone == first | {"message": "", "media_url": None, "deleted_at": gone["deleted_at"]}
    shown = influencer.reads(f"/api/conversations/{chat}/messages")["results"]
    assert [message["message"] for message in shown] == ["before", "", "after"]
    assert shown[1] == gone
    told = events(influencer, chat, "message_deleted")
    assert [event["data"] for event in told] == [
        {
            "seq": last["seq"] + 1,
            "conversation_id": chat,
            "message_id": first["id"],
            "deleted_at": gone["deleted_at"],
        }
    ]


def test_a_deletion_repeated_changes_nothing(brand, chat):
    first = brand.says(chat, "Hello")
    gone = brand.api.delete(f"/api/messages/{first['id']}").json()
    with clock.moved(timedelta(minutes=5)):
        assert brand.api.delete(f"/api/messages/{first['id']}").json() == gone
    assert len(events(brand, chat, "message_deleted")) == 1


def test_messages_of_a_closed_chat_can_be_deleted(brand, chat):
    first = brand.says(chat, "Hello")
    close()
    assert brand.api.delete(f"/api/messages/{first['id']}").json()["message"]["message"] == ""


def every_text_stored() -> Iterator[tuple[str, str]]:
    """Return each row of each table, as text."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            for row in cursor.fetchall():
                yield table, repr(row)


def stored_with(words: str) -> set[str]:
    return {table for table, row in every_text_stored() if words in row}


LONG = "albatross " * 30
EDITS = {"short": ("albatross", "gull"), "long": (LONG, "gull " * 60), "other script": ("अल्बाट्रोस 🕊", "गल")}


@pytest.mark.parametrize(("before", "after"), EDITS.values(), ids=EDITS)
@pytest.mark.parametrize("days", [0, 180])
def test_an_edited_text_is_replaced_everywhere(brand, influencer, chat, settings, before, after, days):
    settings.MESSAGE_REVISION_RETENTION = timedelta(days=days)
    first = brand.says(chat, before)
    brand.says(chat, "between")
    brand.api.patch(f"/api/messages/{first['id']}", {"message": after})
    assert stored_with(before.strip()) == ({"messaging_messagerevision"} if days else set())
    for person, path in (
        (influencer, f"/api/conversations/{chat}/messages"),
        (brand, f"/api/conversations/{chat}/events"),
        (influencer, "/api/notifications"),
        (influencer, "/api/notifications/events"),
    ):
        assert before.strip() not in repr(person.reads(path))
        assert after.strip()[:200] in repr(person.reads(path))
    assert influencer.reads("/api/notifications")["results"][-1]["body"] == after.strip()[:200]


def test_a_deleted_text_is_removed_from_every_table(brand, influencer, chat, settings):
    settings.MESSAGE_REVISION_RETENTION = timedelta(0)
    first = brand.says(chat, "albatross", media_url="https://albatross.example/")
    brand.api.patch(f"/api/messages/{first['id']}", {"message": "albatross again"})
    assert stored_with("albatross") == {
        Message._meta.db_table,
        RoomEvent._meta.db_table,
        "notifications_notification",
    }
    brand.api.delete(f"/api/messages/{first['id']}")
    assert stored_with("albatross") == set()
    for person, path in (
        (brand, "/api/conversations"),
        (influencer, f"/api/conversations/{chat}/events"),
        (influencer, "/api/notifications"),
        (influencer, "/api/notifications/events"),
    ):
        assert "albatross" not in repr(person.reads(path))


def test_the_first_text_of_an_opening_can_be_deleted_too(brand, influencer, settings):
    settings.MESSAGE_REVISION_RETENTION = timedelta(0)
    bid = brand.opens_bid_with(influencer, message="albatross", title="Shoes")
    own = brand.reads(f"/api/conversations/{bid}/messages")["results"][-1]
    assert own["message"] == "albatross"
    assert brand.api.delete(f"/api/messages/{own['id']}").status_code == 200
    assert stored_with("albatross") == set()


@pytest.mark.parametrize("is_read", [False, True], ids=["unread", "read"])
@pytest.mark.parametrize("is_closed", [False, True], ids=["open", "closed"])
def test_a_deleted_message_leaves_no_notification(brand, influencer, chat, is_read, is_closed):
    first, second = brand.says(chat, "albatross"), brand.says(chat, "gull")
    if is_read:
        influencer.api.post(f"/api/conversations/{chat}/read", {"up_to": second["id"]})
    if is_closed:
        close()
    brand.api.delete(f"/api/messages/{first['id']}")
    assert [one["body"] for one in influencer.reads("/api/notifications")["results"]] == ["gull"]
    assert influencer.reads("/api/notifications/unread-count")["unread_count"] == (0 if is_read else 1)
    notices = influencer.reads("/api/notifications/events")["results"]
    assert [one["seq"] for one in notices] == [1, 2], "the log has no holes"
    gone = notices[0]["data"]["data"]
    assert (gone["body"], gone["message"]["message"]) == ("", "")
    assert is_time(gone["message"]["deleted_at"])
    (new, _) = events(influencer, chat, "new_message")
    assert new["data"]["message"] == brand.reads(f"/api/messages/{first['id']}")["message"]


def test_a_deleted_unread_message_does_not_count_as_unread(brand, influencer, chat):
    first, second = brand.says(chat, "one"), brand.says(chat, "two")
    brand.api.delete(f"/api/messages/{first['id']}")
    assert influencer.sees(chat)["unread_count"] == 1
    assert influencer.reads("/api/notifications/unread-count")["unread_count"] == 1
    influencer.api.post(f"/api/conversations/{chat}/read", {"up_to": second["id"]})
    brand.api.delete(f"/api/messages/{second['id']}")
    assert influencer.sees(chat)["unread_count"] == 0


# --- Permissions ---


@pytest.mark.parametrize("method", ["get", "patch", "delete"])
def test_a_foreign_message_looks_missing(brand, stranger, chat, method):
    def answer(message_id: str) -> dict[str, Any]:
        path, body = f"/api/messages/{message_id}", ({"message": "Mine"},) if method == "patch" else ()
        return refused(getattr(stranger.api, method)(path, *body), 404, "not_found")

    foreign = brand.says(chat, "Hello")["id"]
    assert answer(foreign) == answer(ABSENT)
    assert Message.objects.get().message == "Hello"


@pytest.mark.parametrize("identifier", [one for one in NO_IDS if one and "\x00" not in one])
@pytest.mark.parametrize("method", ["get", "patch", "delete"])
def test_an_invalid_id_counts_as_unknown(brand, method, identifier):
    body = ({"message": "Mine"},) if method == "patch" else ()
    refused(getattr(brand.api, method)(f"/api/messages/{identifier}", *body), 404, "not_found")


def test_only_own_messages_can_be_changed(brand, influencer, operator, chat):
    bid = brand.opens_bid_with(influencer)
    words = brand.says(chat, "Hello")
    prompt = brand.reads(f"/api/conversations/{bid}/messages")["results"][0]
    assert prompt["sender_id"] == brand.id
    for person, message in ((influencer, words), (operator, words), (brand, prompt), (influencer, prompt)):
        path = f"/api/messages/{message['id']}"
        refused(person.api.patch(path, {"message": "Changed"}), 403, "forbidden")
        refused(person.api.delete(path), 403, "forbidden")
        assert brand.reads(path)["message"]["message"] == message["message"]


def test_a_removed_participant_can_neither_read_nor_change_messages(brand, influencer, chat):
    own = influencer.says(chat, "Hello")
    remove_participant(conversation_id=Conversation.objects.get().pk, user_id=influencer.pk)
    path = f"/api/messages/{own['id']}"
    refused(influencer.api.get(path), 404, "not_found")
    refused(influencer.api.patch(path, {"message": "Changed"}), 404, "not_found")
    refused(influencer.api.delete(path), 404, "not_found")
    assert brand.reads(path)["message"] == own
