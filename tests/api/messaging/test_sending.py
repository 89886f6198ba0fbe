"""`POST /api/messages` and `POST /api/conversations/{id}/messages`."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse

from accounts.models import SYSTEM_USER_ID
from conversations.models import Conversation
from conversations.participant_removal import remove_participant
from messaging.models import Message
from messaging.system_messages import post_system_message
from realtime.models import RoomEvent
from tests.api.shapes import MESSAGE, is_time, is_uuid7, refused, succeeded

ABSENT = "01980000-0000-7000-8000-00000000ffff"
NO_IDS = [
    "",
    "1",
    "null",
    "undefined",
    ABSENT[:-1],
    ABSENT.replace("-", ""),
    f"{{{ABSENT}}}",
    "' OR 1=1 --",
    "\x00" * 36,
]

Send = Callable[..., HttpResponse]


@pytest.fixture
def chat(brand, influencer) -> str:
    return brand.opens_chat_with(influencer)


@pytest.fixture(params=["/api/messages", "/api/conversations/{id}/messages"])
def send(request, brand, chat) -> Send:
    """A function that sends a message to the chat, through each of the two endpoints."""

    def by_either_transport(**body: Any) -> HttpResponse:
        if "{id}" in request.param:
            return brand.api.post(request.param.replace("{id}", chat), body)
        return brand.api.post(request.param, {"conversation_id": chat} | body)

    return by_either_transport


def nothing_came_of_it() -> bool:
    return not Message.objects.exists() and not RoomEvent.objects.filter(event="new_message").exists()


def test_a_message_has_every_member(send, brand, influencer, chat):
    body = succeeded(
        send(message="Hello", media_url="https://example.com/a.jpg", client_message_id="a-1_B"),
        "message",
        "conversation_id",
        status=201,
    )
    assert body["conversation_id"] == chat
    message = body["message"]
    assert message.keys() == MESSAGE
    assert is_uuid7(message["id"])
    assert is_time(message["created_at"])
    assert isinstance(message["seq"], int)
    expected = {
        "conversation_id": chat,
        "sender_id": brand.id,
        "receiver_id": influencer.id,
        "message": "Hello",
        "media_url": "https://example.com/a.jpg",
        "message_type": "user_input",
        "is_automated": False,
        "action_required": False,
        "action_data": None,
        "client_message_id": "a-1_B",
        "edited_at": None,
        "deleted_at": None,
        "read_at": None,
        "attachments": [],
    }
    assert {key: message[key] for key in expected} == expected
    assert influencer.reads(f"/api/messages/{message['id']}")["message"] == message


def test_omitted_fields_are_null(send):
    message = send(message="Hello").json()["message"]
    assert (message["media_url"], message["client_message_id"]) == (None, None)
    message = send(message="Hello", media_url=None, client_message_id=None).json()["message"]
    assert (message["media_url"], message["client_message_id"]) == (None, None)


def test_a_message_has_the_number_of_its_event(send, brand, chat):
    first, second = (send(message=text).json()["message"] for text in ("one", "two"))
    logged = brand.reads(f"/api/conversations/{chat}/events")["results"]
    seqs = {event["data"]["message"]["id"]: event["seq"] for event in logged if event["event"] == "new_message"}
    assert seqs == {first["id"]: first["seq"], second["id"]: second["seq"]}
    assert second["seq"] == first["seq"] + 1


def test_fields_that_clients_cannot_set_are_ignored(send, brand, influencer, stranger):
    planted = {"title": "Pay", "buttons": [{"id": "pay", "text": "Pay", "style": "primary", "action": "pay"}]}
    sent = send(
        message="Hello",
        sender_id=stranger.id,
        message_type="system",
        is_automated=True,
        action_required=True,
        action_data=planted,
        created_at="2020-01-01T00:00:00.000Z",
        id=ABSENT,
        seq=99,
        read_at="2020-01-01T00:00:00.000Z",
        whatever={"deep": [1, 2]},
    ).json()["message"]
    assert (sent["sender_id"], sent["receiver_id"]) == (brand.id, influencer.id)
    assert (sent["message_type"], sent["is_automated"]) == ("user_input", False)
    assert (sent["action_required"], sent["action_data"]) == (False, None)
    assert not sent["created_at"].startswith("2020")
    assert sent["id"] != ABSENT
    assert (sent["seq"] < 99, sent["read_at"]) == (True, None)


def test_camel_case_is_accepted_too(brand, chat):
    given = {"conversationId": chat, "message": "Hello", "mediaUrl": "http://example.com", "clientMessageId": "c1"}
    message = brand.api.post("/api/messages", given).json()["message"]
    assert (message["media_url"], message["client_message_id"]) == ("http://example.com", "c1")
    both = {"conversationId": ABSENT, "conversation_id": chat, "message": "Hello"}
    assert brand.api.post("/api/messages", both).status_code == 201


def test_a_receiver_finds_or_opens_the_direct_conversation(brand, influencer):
    opened = brand.api.post("/api/messages", {"receiver_id": influencer.id, "message": "Hello"})
    found = influencer.api.post("/api/messages", {"receiverId": brand.id, "message": "Hello yourself"})
    assert (opened.status_code, found.status_code) == (201, 201)
    assert opened.json()["conversation_id"] == found.json()["conversation_id"]
    conversation = brand.sees(opened.json()["conversation_id"])
    assert conversation["conversation_type"] == "direct"
    assert Conversation.objects.count() == 1


def test_a_bid_is_not_used_as_the_direct_conversation(brand, influencer):
    bid = brand.opens_bid_with(influencer)
    sent = brand.api.post("/api/messages", {"receiver_id": influencer.id, "message": "Hello"}).json()
    assert sent["conversation_id"] != bid


def test_the_receiver_must_be_the_other_participant_of_the_conversation(send, brand, influencer, stranger):
    assert send(message="Hello", receiver_id=influencer.id).status_code == 201
    for other in (stranger.id, brand.id, ABSENT, "nobody"):
        refused(send(message="Hello", receiver_id=other), 400, "invalid", "receiver_id")
    assert Message.objects.count() == 1


def test_a_message_to_nobody_or_to_oneself_is_refused(brand):
    refused(brand.api.post("/api/messages", {"message": "Hello"}), 400, "invalid", "non_field_errors")
    for nobody in (ABSENT, str(SYSTEM_USER_ID), *NO_IDS):
        refused(brand.api.post("/api/messages", {"receiver_id": nobody, "message": "Hello"}), 404, "not_found")
    itself = brand.api.post("/api/messages", {"receiver_id": brand.id, "message": "Hello"})
    refused(itself, 400, "invalid", "receiver_id")
    assert nothing_came_of_it()
    assert not Conversation.objects.exists()


@pytest.mark.parametrize("identifier", [ABSENT, *NO_IDS])
def test_an_unknown_conversation(brand, identifier):
    body = {"conversation_id": identifier, "message": "Hello"}
    refused(brand.api.post("/api/messages", body), 404, "not_found")


def test_a_foreign_conversation_looks_missing(stranger, chat):
    foreign = stranger.api.post("/api/messages", {"conversation_id": chat, "message": "Hello"})
    absent = stranger.api.post("/api/messages", {"conversation_id": ABSENT, "message": "Hello"})
    assert refused(foreign, 404, "not_found") == refused(absent, 404, "not_found")
    refused(stranger.api.post(f"/api/conversations/{chat}/messages", {"message": "Hello"}), 404, "not_found")
    assert nothing_came_of_it()


def test_a_removed_participant_cannot_write(brand, influencer, chat):
    remove_participant(conversation_id=Conversation.objects.get().pk, user_id=influencer.pk)
    body = {"conversation_id": chat, "message": "Hello"}
    refused(influencer.api.post("/api/messages", body), 404, "not_found")
    assert brand.says(chat)["receiver_id"] == influencer.id


def test_staff_can_view_but_not_write(operator, chat):
    refused(operator.api.post("/api/messages", {"conversation_id": chat, "message": "Hello"}), 403, "forbidden")
    assert nothing_came_of_it()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "message"),
        ({"message": None}, "message"),
        ({"message": 5}, "message"),
        ({"message": True}, "message"),
        ({"message": ["Hello"]}, "message"),
        ({"message": {"text": "Hello"}}, "message"),
        ({"message": "Hello", "client_message_id": ""}, "client_message_id"),
        ({"message": "Hello", "client_message_id": "a" * 65}, "client_message_id"),
        ({"message": "Hello", "client_message_id": "a b"}, "client_message_id"),
        ({"message": "Hello", "client_message_id": "a\n"}, "client_message_id"),
        ({"message": "Hello", "client_message_id": "ä"}, "client_message_id"),
        ({"message": "Hello", "client_message_id": 7}, "client_message_id"),
    ],
)
def test_bad_members(send, body, field):
    refused(send(**body), 400, "invalid", field)
    assert nothing_came_of_it()


@pytest.mark.parametrize("key", ["conversation_id", "receiver_id"])
@pytest.mark.parametrize("value", [5, True, [], {}])
def test_ids_are_strings(brand, key, value):
    refused(brand.api.post("/api/messages", {key: value, "message": "Hello"}), 400, "invalid", key)


def test_several_errors_are_reported_together(send):
    refused(
        send(message="", media_url="x", client_message_id="?"),
        400,
        "invalid",
        "message",
        "media_url",
        "client_message_id",
    )


# --- client_message_id ---


def test_a_repeat_returns_the_first_message(send, brand, influencer, chat):
    first = send(message="Hello", client_message_id="once")
    again = send(message="Hello", client_message_id="once")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert Message.objects.count() == 1
    assert RoomEvent.objects.filter(event="new_message").count() == 1
    assert influencer.sees(chat)["unread_count"] == 1


@pytest.mark.parametrize("other", [{"message": "Other"}, {"message": "Hello", "media_url": "https://example.com/"}])
def test_a_repeat_with_another_body(send, other):
    send(message="Hello", client_message_id="once")
    refused(send(**other, client_message_id="once"), 422, "idempotency_mismatch")
    assert Message.objects.count() == 1


def test_a_repeat_into_another_conversation(send, brand, stranger):
    send(message="Hello", client_message_id="once")
    body = {"conversation_id": brand.opens_chat_with(stranger), "message": "Hello", "client_message_id": "once"}
    refused(brand.api.post("/api/messages", body), 422, "idempotency_mismatch")
    assert Message.objects.count() == 1


def test_a_mismatch_by_receiver_opens_no_conversation(send, brand, stranger):
    send(message="Hello", client_message_id="once")
    body = {"receiver_id": stranger.id, "message": "Hello", "client_message_id": "once"}
    refused(brand.api.post("/api/messages", body), 422, "idempotency_mismatch")
    assert Conversation.objects.count() == 1


def test_the_same_body_through_another_endpoint_or_spelling_is_a_repeat(brand, influencer, chat):
    first = brand.says(chat, "Hello", client_message_id="once")
    for path, body in (
        ("/api/messages", {"receiver_id": influencer.id, "message": "  Hello\n"}),
        (f"/api/conversations/{chat}/messages", {"message": "Hello", "media_url": None}),
        ("/api/messages", {"conversationId": chat.upper(), "message": "Hello"}),
    ):
        again = brand.api.post(path, body | {"clientMessageId": "once"})
        assert (again.status_code, again.json()["message"]) == (200, first)


def test_each_sender_has_client_message_ids_of_their_own(brand, influencer, chat):
    assert (
        brand.says(chat, "Hello", client_message_id="once")["id"]
        != influencer.says(chat, "Hello", client_message_id="once")["id"]
    )


def test_a_repeat_after_an_edit_returns_the_edited_message(send, brand):
    first = send(message="Hello", client_message_id="once").json()["message"]
    brand.api.patch(f"/api/messages/{first['id']}", {"message": "Hello there"})
    again = send(message="Hello", client_message_id="once")
    assert again.status_code == 200
    assert (again.json()["message"]["id"], again.json()["message"]["message"]) == (first["id"], "Hello there")
    refused(send(message="Hello there", client_message_id="once"), 422, "idempotency_mismatch")


def test_a_repeat_after_a_deletion_restores_nothing(send, brand):
    first = send(message="Hello", client_message_id="once").json()["message"]
    brand.api.delete(f"/api/messages/{first['id']}")
    again = send(message="Hello", client_message_id="once")
    assert (again.status_code, again.json()["message"]["message"]) == (200, "")


def test_a_repeat_after_closing_still_returns_the_first_message(send):
    first = send(message="Hello", client_message_id="once").json()["message"]
    Conversation.objects.update(chat_status="closed", flow_state="chat_closed", flow_name="deal")
    again = send(message="Hello", client_message_id="once")
    assert (again.status_code, again.json()["message"]["id"]) == (200, first["id"])


@pytest.mark.django_db(transaction=True)
def test_concurrent_repeats_send_one_message(brand, influencer):
    chat = brand.opens_chat_with(influencer)
    copies = 6
    barrier, answers = threading.Barrier(copies), []

    def send_copy() -> None:
        try:
            barrier.wait(10)
            body = {"conversation_id": chat, "message": "Hello", "client_message_id": "once"}
            answers.append(brand.api.post("/api/messages", body))
        finally:
            connection.close()

    threads = [threading.Thread(target=send_copy) for _ in range(copies)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(answer.status_code for answer in answers) == [200] * (copies - 1) + [201]
    assert len({answer.json()["message"]["id"] for answer in answers}) == 1
    assert Message.objects.count() == 1
    assert influencer.sees(chat)["unread_count"] == 1


# --- Closed and system ---


def test_a_closed_chat_rejects_text_and_returns_the_conversation(send, brand, chat):
    Conversation.objects.update(chat_status="closed", flow_state="chat_closed", flow_name="deal")
    body = refused(send(message="Hello"), 409, "conversation_closed", extra={"conversation", "available_actions"})
    assert body["conversation"] == brand.sees(chat)
    assert body["available_actions"] == []
    assert nothing_came_of_it()


def test_system_messages_are_sent_to_both_participants(brand, influencer):
    bid = brand.opens_bid_with(influencer)
    before = [one.sees(bid)["unread_count"] for one in (brand, influencer)]
    posted = post_system_message(conversation_id=Conversation.objects.get().pk, text="Maintenance tonight")
    shown = brand.reads(f"/api/messages/{posted.pk}")["message"]
    assert shown["sender_id"] == "00000000-0000-0000-0000-000000000000"
    assert shown["receiver_id"] == influencer.id, "the awaited participant"
    assert (shown["message_type"], shown["is_automated"], shown["action_required"]) == ("system", True, False)
    for one, count in zip((brand, influencer), before, strict=True):
        assert one.sees(bid)["unread_count"] == count + 1
        newest = one.reads("/api/notifications")["results"][0]
        assert newest["payload"]["message_id"] == shown["id"]
