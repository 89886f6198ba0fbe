"""REST and sockets render the same objects, and reject the same requests, identically."""

import uuid
from types import SimpleNamespace
from typing import Any

import pytest

from deals.payments import ProviderFailed
from deals.payments.sandbox import Sandbox
from foundation.database.executor import in_database, in_request
from foundation.json import from_json, to_json
from realtime import Caller
from realtime.dispatcher import Dispatcher
from tests.api.shapes import PROBLEM
from tests.deals import make_deal
from tests.harness.people import Person
from tests.people import person, user_of

pytestmark = pytest.mark.django_db(transaction=True)

ABSENT = "01980000-0000-7000-8000-00000000ffff"
STANDARD = PROBLEM - {"success", "message", "code"}
"""The members that only problem documents over REST have."""


async def by_socket(person: Person, command: str, payload: Any) -> dict[str, Any]:
    """Return the acknowledgement as it is encoded on the wire."""
    caller = Caller("sid", person.pk, await in_database(user_of, person), uuid.uuid4())
    connections: Any = SimpleNamespace(by_sid={"sid": SimpleNamespace(caller=caller)})
    sio: Any = None
    return from_json(to_json(await Dispatcher(connections, sio).handle(command, "sid", payload)))


async def by_rest(person: Person, path: str, body: Any) -> dict[str, Any]:
    """Return the body without the additional members of a problem document."""
    answer = await in_request(person.api.post, path, body)
    return {key: value for key, value in answer.json().items() if answer.status_code < 400 or key not in STANDARD}


async def test_a_message(brand, influencer):
    chat = await in_database(brand.opens_chat_with, influencer)
    body = {
        "conversation_id": chat,
        "message": " Hi 😀 ",
        "media_url": "https://example.com/",
        "client_message_id": "k",
    }
    sent = await by_socket(brand, "send_message", body)
    assert sent["success"] is True
    assert sent == await by_rest(brand, "/api/messages", body)
    assert sent["message"] == (await in_database(influencer.reads, f"/api/messages/{sent['message']['id']}"))["message"]


async def test_reading(brand, influencer):
    chat = await in_database(brand.opens_chat_with, influencer)
    message = await in_database(brand.says, chat)
    read = await by_socket(influencer, "mark_read", {"conversation_id": chat, "up_to": message["id"]})
    assert read == {"success": True, "unread_count": 0, "total_unread": 0, "up_to_seq": message["seq"]}
    assert read == await by_rest(influencer, f"/api/conversations/{chat}/read", {"up_to": message["seq"]})


async def test_an_action(brand, influencer):
    bid = await in_database(brand.opens_bid_with, influencer)
    click = {"action": "accept_connection", "state_version": 1}
    acted = await by_socket(influencer, "conversation_action", {"conversation_id": bid} | click)
    assert acted["success"] is True
    assert acted["conversation"] == await in_database(influencer.sees, bid)
    again = await by_socket(influencer, "conversation_action", {"conversation_id": bid} | click)
    assert again == await by_rest(influencer, f"/api/conversations/{bid}/actions", click)
    assert again["repeated"] is True


async def test_a_provider_that_does_not_respond(monkeypatch):
    deal = await in_database(make_deal, "payment_pending")
    brand, bid = await in_database(person, deal.brand_owner), str(deal.conversation.pk)

    def fail(*_: Any) -> None:
        raise ProviderFailed("away")

    monkeypatch.setattr(Sandbox, "open", fail)
    click = {"action": "proceed_to_payment"}
    refused = await by_socket(brand, "conversation_action", {"conversation_id": bid} | click)
    assert (refused["success"], refused["code"]) == (False, "payment_unavailable")
    assert refused == await by_rest(brand, f"/api/conversations/{bid}/actions", click)
    monkeypatch.undo()
    opened = await by_socket(brand, "conversation_action", {"conversation_id": bid} | click)
    assert opened["payment"]["status"] == "open"
    assert opened == await by_rest(brand, f"/api/conversations/{bid}/actions", click)


REFUSED: list[tuple[str, str, dict[str, Any]]] = [
    ("send_message", "/api/messages", {"message": "Hello"}),
    ("send_message", "/api/messages", {"conversation_id": "{chat}"}),
    ("send_message", "/api/messages", {"conversation_id": "{chat}", "message": " ", "media_url": "x"}),
    ("send_message", "/api/messages", {"conversation_id": "{chat}", "message": 5, "client_message_id": ""}),
    ("send_message", "/api/messages", {"conversation_id": "{chat}", "message": "Hello", "receiver_id": ABSENT}),
    ("send_message", "/api/messages", {"conversation_id": "{foreign}", "message": "Hello"}),
    ("send_message", "/api/messages", {"conversation_id": ABSENT, "message": "Hello"}),
    ("send_message", "/api/messages", {"conversation_id": "no id", "message": "Hello"}),
    ("send_message", "/api/messages", {"receiver_id": ABSENT, "message": "Hello"}),
    ("send_message", "/api/messages", {"conversation_id": "{chat}", "message": "Other", "client_message_id": "used"}),
    ("mark_read", "/api/conversations/{chat}/read", {"conversation_id": "{chat}", "up_to": -1}),
    ("mark_read", "/api/conversations/{chat}/read", {"conversation_id": "{chat}"}),
    ("mark_read", "/api/conversations/{chat}/read", {"conversation_id": "{chat}", "up_to": ABSENT}),
    ("mark_read", "/api/conversations/{foreign}/read", {"conversation_id": "{foreign}", "up_to": 1}),
    ("conversation_action", "/api/conversations/{bid}/actions", {"conversation_id": "{bid}"}),
    ("conversation_action", "/api/conversations/{bid}/actions", {"conversation_id": "{bid}", "action": "dance"}),
    ("conversation_action", "/api/conversations/{bid}/actions", {"conversation_id": "{bid}", "action": "start_work"}),
    (
        "conversation_action",
        "/api/conversations/{bid}/actions",
        {"conversation_id": "{bid}", "action": "accept_connection"},
    ),
    (
        "conversation_action",
        "/api/conversations/{chat}/actions",
        {"conversation_id": "{chat}", "action": "close_conversation"},
    ),
]


@pytest.mark.parametrize(("command", "path", "body"), REFUSED)
async def test_equal_errors(brand, influencer, stranger, command, path, body):
    def prepare() -> dict[str, str]:
        chat = brand.opens_chat_with(influencer)
        brand.says(chat, "Hello", client_message_id="used")
        return {
            "{chat}": chat,
            "{foreign}": influencer.opens_chat_with(stranger),
            "{bid}": brand.opens_bid_with(influencer),
        }

    ids = await in_database(prepare)
    filled = {key: ids.get(value, value) if isinstance(value, str) else value for key, value in body.items()}
    for name, identifier in ids.items():
        path = path.replace(name, identifier)
    refused = await by_socket(brand, command, filled)
    assert refused["success"] is False
    assert refused == await by_rest(brand, path, filled)


@pytest.mark.parametrize("payload", [None, 5, "text", [], [1], True])
async def test_payloads_that_are_not_objects(brand, payload):
    refused = await by_socket(brand, "send_message", payload)
    assert (refused["code"], refused["errors"].keys()) == ("invalid", {"non_field_errors"})
    assert refused == await by_rest(brand, "/api/messages", str(to_json(payload)).encode())
