"""`/api/notifications`."""

import importlib
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from foundation import clock
from messaging.models import Message
from notifications.models import Notification
from tests.api.messaging.test_sending import ABSENT, NO_IDS
from tests.api.shapes import CONTEXT, MESSAGE, NOTIFICATION, is_time, is_uuid7, refused, succeeded
from tests.harness.people import Person

NOTIFICATIONS = "/api/notifications"


@pytest.fixture
def chat(brand, influencer) -> str:
    return brand.opens_chat_with(influencer)


@pytest.fixture
def texts(brand, chat) -> list[dict[str, Any]]:
    return [brand.says(chat, f"text {number}") for number in range(5)]


def unread(by: Person) -> int:
    return by.reads(f"{NOTIFICATIONS}/unread-count")["unread_count"]


def test_a_notification_has_every_member(brand, influencer, chat):
    message = brand.says(chat, "Hello")
    body = succeeded(influencer.api.get(NOTIFICATIONS), "results", "next", "previous")
    (notification,) = body["results"]
    assert notification.keys() == NOTIFICATION
    assert is_uuid7(notification["id"])
    assert is_time(notification["created_at"])
    assert notification["payload"] == {
        "conversation_id": chat,
        "message_id": message["id"],
        "sender_id": brand.id,
    }
    expected = {
        "type": "message",
        "title": "New message",
        "body": "Hello",
        "conversation_id": chat,
        "read_at": None,
    }
    assert {key: notification[key] for key in expected} == expected
    assert brand.reads(NOTIFICATIONS)["results"] == [], "the user's own messages create no notification"


def test_its_event_has_both_levels_of_ids(brand, influencer, chat):
    message = brand.says(chat, "Hello")
    body = succeeded(influencer.api.get(f"{NOTIFICATIONS}/events"), "results", "reset")
    (event,) = body["results"]
    assert (event["seq"], event["event"], body["reset"]) == (1, "notification", False)
    assert event["data"].keys() == {"seq", "type", "data"}
    data = event["data"]["data"]
    assert data.keys() == {
        "id",
        "title",
        "body",
        "created_at",
        "conversation_context",
        "payload",
        "conversation_id",
        "message",
        "sender_id",
        "receiver_id",
    }
    stored = influencer.reads(NOTIFICATIONS)["results"][0]
    assert all(data[key] == stored[key] for key in ("id", "title", "body", "created_at", "payload", "conversation_id"))
    assert (data["message"], data["message"].keys()) == (message, MESSAGE)
    assert data["conversation_context"].keys() == CONTEXT
    assert (data["sender_id"], data["receiver_id"]) == (brand.id, influencer.id)


def test_a_long_text_is_shortened(brand, influencer, chat):
    brand.says(chat, "😀" * 3000)
    assert influencer.reads(NOTIFICATIONS)["results"][0]["body"] == "😀" * 200


def test_newest_first_and_in_pages(influencer, texts):
    def bodies(page: dict[str, Any]) -> list[str]:
        return [one["body"] for one in page["results"]]

    first = influencer.reads(NOTIFICATIONS, limit=2)
    assert (bodies(first), first["previous"]) == (["text 4", "text 3"], None)
    second = influencer.reads(NOTIFICATIONS, limit=2, cursor=first["next"])
    assert bodies(second) == ["text 2", "text 1"]
    third = influencer.reads(NOTIFICATIONS, limit=2, cursor=second["next"])
    assert (bodies(third), third["next"]) == (["text 0"], None)
    assert influencer.reads(NOTIFICATIONS, limit=2, cursor=third["previous"]) == second | {
        "next": third["results"] and second["next"]
    }
    assert bodies(influencer.reads(NOTIFICATIONS, limit=200)) == [f"text {number}" for number in range(4, -1, -1)]


def test_reading_one(influencer, texts):
    newest, *_ = influencer.reads(NOTIFICATIONS)["results"]
    body = succeeded(influencer.api.post(f"{NOTIFICATIONS}/{newest['id']}/read"), "notification")
    assert is_time(body["notification"]["read_at"])
    assert body["notification"] == newest | {"read_at": body["notification"]["read_at"]}
    assert influencer.api.post(f"{NOTIFICATIONS}/{newest['id']}/read").json() == body, "and again"
    assert unread(influencer) == 4
    assert influencer.reads(NOTIFICATIONS)["results"][0] == body["notification"]


def test_filtering_by_unread(influencer, texts):
    newest, *others = influencer.reads(NOTIFICATIONS)["results"]
    influencer.api.post(f"{NOTIFICATIONS}/{newest['id']}/read")
    assert influencer.reads(NOTIFICATIONS, unread="true")["results"] == others
    assert [one["id"] for one in influencer.reads(NOTIFICATIONS, unread="false")["results"]] == [newest["id"]]


def test_reading_all(brand, influencer, chat, texts):
    influencer.says(chat)
    assert succeeded(influencer.api.post(f"{NOTIFICATIONS}/read-all"), "updated")["updated"] == 5
    assert influencer.api.post(f"{NOTIFICATIONS}/read-all").json()["updated"] == 0
    assert (unread(influencer), unread(brand)) == (0, 1), "only the user's own notifications"
    assert influencer.sees(chat)["unread_count"] == 5, "a read mark makes messages read"


def test_reading_messages_reads_their_notifications(brand, influencer, chat, texts):
    bid = brand.opens_bid_with(influencer)
    assert unread(influencer) == 6
    influencer.api.post(f"/api/conversations/{chat}/read", {"up_to": texts[2]["id"]})
    assert unread(influencer) == 3
    read = {one["body"]: one["read_at"] is not None for one in influencer.reads(NOTIFICATIONS)["results"]}
    assert [read[f"text {number}"] for number in range(5)] == [True, True, True, False, False]
    influencer.api.post(f"/api/conversations/{bid}/read", {"up_to": 99})
    assert unread(influencer) == 2


def test_each_message_is_notified_even_with_equal_texts(brand, influencer, chat):
    for _ in range(3):
        brand.says(chat, "same")
    assert unread(influencer) == 3


@pytest.mark.parametrize("identifier", [ABSENT, *(one for one in NO_IDS if one and "\x00" not in one)])
def test_unknown_notifications(influencer, identifier):
    refused(influencer.api.post(f"{NOTIFICATIONS}/{identifier}/read"), 404, "not_found")


def test_notifications_of_others_look_missing(brand, operator, influencer, texts):
    own = influencer.reads(NOTIFICATIONS)["results"][0]["id"]
    for other in (brand, operator):
        foreign = refused(other.api.post(f"{NOTIFICATIONS}/{own}/read"), 404, "not_found")
        assert foreign == refused(other.api.post(f"{NOTIFICATIONS}/{ABSENT}/read"), 404, "not_found")
    assert not Notification.objects.filter(read_at__isnull=False).exists()


@pytest.mark.parametrize(
    ("params", "field"),
    [({"limit": "0"}, "limit"), ({"limit": "201"}, "limit"), ({"cursor": "x"}, "cursor"), ({"unread": "no"}, "unread")],
)
def test_bad_parameters(influencer, params, field):
    refused(influencer.api.get(NOTIFICATIONS, params), 400, "invalid", field)


def test_the_event_log_of_the_users_room(influencer, texts):
    path = f"{NOTIFICATIONS}/events"
    assert [event["seq"] for event in influencer.reads(path, after=2)["results"]] == [3, 4, 5]
    assert [event["seq"] for event in influencer.reads(path, after=1, limit=2)["results"]] == [2, 3]
    assert influencer.reads(path, after=5) == {"success": True, "results": [], "reset": False}
    assert influencer.reads(path, after=6) == {"success": True, "results": [], "reset": True}
    refused(influencer.api.get(path, {"after": "x"}), 400, "invalid", "after")


@pytest.mark.django_db(transaction=True)
def test_a_migration_follows_messages_that_were_changed_before(brand, influencer, monkeypatch):
    migration = importlib.import_module("notifications.migrations.0002_changed_messages")
    monkeypatch.setattr(migration, "BATCH", 2)
    chat = brand.opens_chat_with(influencer)
    rows = [brand.says(chat, text)["id"] for text in ("same", "old", "gone", "old too", "gone too")]
    Message.objects.filter(pk__in=[rows[1], rows[3]]).update(message="new " * 100, edited_at=clock.now())
    Message.objects.filter(pk__in=[rows[2], rows[4]]).update(message="", deleted_at=clock.now())
    for _ in range(2):
        with connection.schema_editor() as editor:
            migration.follow_messages(apps, editor)
        bodies = [one["body"] for one in influencer.reads(NOTIFICATIONS)["results"]]
        assert bodies == ["new " * 50, "new " * 50, "same"]
