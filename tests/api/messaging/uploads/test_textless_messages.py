"""Messages without text: attachments take the place of the text, and lists and notifications say what they are."""

import uuid
from types import SimpleNamespace
from typing import Any

import pytest

from foundation.database.executor import in_database
from foundation.json import from_json, to_json
from messaging.models import Message
from realtime import Caller
from realtime.dispatcher import Dispatcher
from tests.api.messaging.uploads.test_uploads import PDF, picture, uploaded
from tests.api.shapes import MESSAGE, refused
from tests.harness.people import Person
from tests.people import user_of
from tests.unchanged import nothing_happens

MP4 = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + b"\0" * 50
MP3 = b"ID3\x03\0\0\0\0\0\0" + b"\xff\xfb\x90\x00" + b"\0" * 413
BLANK: dict[str, dict[str, Any]] = {
    "absent": {},
    "null": {"message": None},
    "empty": {"message": ""},
    "white space": {"message": " \t\r\n\u3000\ufeff"},
    "invisible characters": {"message": "\u200b\u2060\u00ad\x01"},
    "more white space than a text can have": {"message": " " * 6_000},
}


@pytest.fixture(autouse=True)
def _media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def chat(brand, influencer) -> str:
    return brand.opens_chat_with(influencer)


def sends(who: Person, chat: str, *contents: bytes, **more: Any) -> dict[str, Any]:
    attachments = [uploaded(who, content)["id"] for content in contents]
    return who.calls("POST", "/api/messages", {"conversation_id": chat, "attachments": attachments, **more})["message"]


@pytest.mark.parametrize("blank", BLANK)
@pytest.mark.parametrize("path", ["/api/messages", "/api/conversations/{}/messages"])
def test_with_attachments_the_text_may_be_blank(brand, influencer, chat, path, blank):
    upload = uploaded(brand)
    body = {"conversation_id": chat, "attachments": [upload["id"]], **BLANK[blank]}
    sent = brand.calls("POST", path.format(chat), body)["message"]
    assert (sent["message"], sent["attachments"]) == ("", [upload])
    assert sent.keys() == MESSAGE
    assert influencer.messages(chat) == [sent]
    assert Message.objects.get().message == ""


@pytest.mark.parametrize("blank", BLANK)
@pytest.mark.parametrize("more", [{}, {"attachments": []}, {"attachments": None}, {"media_url": "https://x.example/"}])
def test_without_attachments_it_must_not_be(brand, chat, sent_hints, blank, more):
    with nothing_happens(sent_hints):
        for path in ("/api/messages", f"/api/conversations/{chat}/messages"):
            body = {"conversation_id": chat, **BLANK[blank], **more}
            refused(brand.api.post(path, body), 400, "invalid", "message")


@pytest.mark.parametrize("wrong", ["NUL \x00", "\x00", "x" * 5001, 5, ["text"], {"text": 1}, False])
def test_an_invalid_text_stays_invalid(brand, chat, sent_hints, wrong):
    upload = uploaded(brand)
    with nothing_happens(sent_hints):
        body = {"conversation_id": chat, "message": wrong, "attachments": [upload["id"]]}
        refused(brand.api.post("/api/messages", body), 400, "invalid", "message")


@pytest.mark.django_db(transaction=True)
async def test_the_socket_command_takes_it_too(brand, chat):
    upload = await in_database(uploaded, brand)
    caller = Caller("sid", brand.pk, await in_database(user_of, brand), uuid.uuid4())
    connections: Any = SimpleNamespace(by_sid={"sid": SimpleNamespace(caller=caller)})
    sio: Any = None
    payload = {"conversationId": chat, "attachments": [upload["id"]], "message": None}
    answer = from_json(to_json(await Dispatcher(connections, sio).handle("send_message", "sid", payload)))
    assert (answer["success"], answer["message"]["message"]) == (True, "")
    assert answer["message"]["attachments"] == [upload]


@pytest.mark.parametrize(
    ("contents", "words"),
    [
        ([picture()], "Photo"),
        ([picture(), picture()], "2 photos"),
        ([MP4], "Video"),
        ([MP4, MP4, MP4], "3 videos"),
        ([MP3], "Audio"),
        ([PDF], "File"),
        ([PDF, PDF], "2 files"),
        ([picture(), PDF, MP4], "3 files"),
    ],
    ids=["photo", "photos", "video", "videos", "audio", "file", "files", "mixed"],
)
def test_lists_and_notifications_say_what_it_is(brand, influencer, chat, contents, words):
    sent = sends(brand, chat, *contents)
    for last in (
        influencer.sees(chat)["last_message"],
        brand.reads("/api/conversations")["results"][0]["last_message"],
    ):
        assert last == sent | {"preview": words}
    (notification,) = influencer.reads("/api/notifications")["results"]
    assert notification["body"] == words
    (event,) = influencer.reads("/api/notifications/events")["results"]
    assert event["data"]["data"]["body"] == words
    assert event["data"]["data"]["message"] == sent


def test_a_text_is_its_own_preview(brand, influencer, chat):
    sent = sends(brand, chat, picture(), message="The brief")
    assert influencer.sees(chat)["last_message"] == sent
    assert influencer.reads("/api/notifications")["results"][0]["body"] == "The brief"


def test_deleting_leaves_no_words(brand, influencer, chat):
    sent = sends(brand, chat, picture())
    deleted = brand.calls("DELETE", f"/api/messages/{sent['id']}")["message"]
    assert influencer.sees(chat)["last_message"] == deleted
    assert influencer.reads("/api/notifications")["results"] == []


def test_a_repeat_without_text_is_the_same_message(brand, chat):
    first = sends(brand, chat, picture(), client_message_id="one")
    body = {"conversation_id": chat, "attachments": [first["attachments"][0]["id"]], "client_message_id": "one"}
    assert brand.calls("POST", "/api/messages", body | {"message": " "})["message"] == first
    assert brand.api.post("/api/messages", body | {"message": "Words"}).status_code == 422


def test_the_text_of_a_message_with_attachments_can_be_removed(brand, influencer, chat):
    captioned, plain = sends(brand, chat, picture(), message="The brief"), brand.says(chat, "Hello")
    path = f"/api/messages/{captioned['id']}"
    assert brand.calls("PATCH", path, {"message": " "})["message"]["message"] == ""
    assert brand.calls("PATCH", path, {"message": "Again"})["message"]["message"] == "Again"
    refused(brand.api.patch(path, {}), 400, "invalid", "message")
    refused(brand.api.patch(f"/api/messages/{plain['id']}", {"message": " "}), 400, "invalid", "message")
    assert [one["message"] for one in influencer.messages(chat)] == ["Again", "Hello"]
