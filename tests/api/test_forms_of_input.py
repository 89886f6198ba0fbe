"""JSON in forms that mean the same is accepted alike, on REST and sockets; typed clients send such forms."""

import json
from typing import Any

import pytest

from foundation.database.executor import in_database
from foundation.json import MAX_DEPTH
from tests.api.operations import OF_A_SHAPE, each, filled
from tests.api.shapes import refused
from tests.contract.test_rest_socket_parity import by_socket
from tests.harness.rest import Api
from tests.unit.foundation.test_json import nested

HALF = "half \ud83d"
WHOLE = [b"3", b"3.0", b"3e0", b"30e-1", b"0.3E1"]
NO_INTEGER = [b"true", b'"3"', b"3.5", b"[3]", b"-1.0", b"1e300", b"9223372036854775808.0"]


@pytest.mark.parametrize("number", WHOLE)
def test_a_number_without_a_fraction_is_an_integer(brand, influencer, number):
    bid = brand.opens_bid_with(influencer)
    brand.opens_chat_with(influencer)
    read = influencer.api.send("POST", f"/api/conversations/{bid}/read", b'{"up_to": %s}' % number)
    assert (read.status_code, read.json()["up_to_seq"]) == (200, 3)
    version = number.replace(b"3", b"1")
    body = b'{"action": "accept_connection", "state_version": %s}' % version
    answer = influencer.api.send("POST", f"/api/conversations/{bid}/actions", body)
    assert answer.status_code == (200 if json.loads(version) == 1 else 409)


@pytest.mark.parametrize("value", NO_INTEGER)
def test_no_other_value_is_an_integer(brand, influencer, value):
    bid = brand.opens_bid_with(influencer)
    body = b'{"action": "accept_connection", "state_version": %s}' % value
    refused(influencer.api.send("POST", f"/api/conversations/{bid}/actions", body), 400, "invalid", "state_version")


@pytest.mark.parametrize("amount", [b"1500", b"1500.0", b"15e2", b'"1500"', b'"1500.00"'])
def test_a_price_in_any_form(brand, influencer, amount):
    body = {"conversation_type": "bid", "influencer_id": influencer.id, "proposed_amount": 0}
    sent = json.dumps(body).encode().replace(b": 0}", b": " + amount + b"}")
    opened = brand.api.send("POST", "/api/conversations", sent).json()["conversation"]
    assert "₹1,500.00" in brand.messages(opened["id"])[0]["message"]


def test_null_is_like_an_absent_key(brand, influencer):
    chat = brand.opens_chat_with(influencer)
    nothing = dict.fromkeys(("media_url", "client_message_id", "receiver_id", "attachments", "mediaUrl"))
    sent = brand.says(chat, "Hello", **nothing)
    assert (sent["media_url"], sent["client_message_id"], sent["attachments"]) == (None, None, [])
    opening = {"conversation_type": "bid", "influencer_id": influencer.id}
    brand.opens(**opening, **dict.fromkeys(("title", "source_id", "currency", "proposed_amount", "message", "user_id")))
    assert Api().post("/api/auth/logout", {"refresh": brand.refresh, "everywhere": None}).status_code == 200
    influencer.calls("PATCH", "/api/auth/me", {"findable": None})


@each(*OF_A_SHAPE)
def test_null_for_a_required_key_is_like_the_missing_key(brand, influencer, settings, tmp_path, operation):
    settings.MEDIA_ROOT = tmp_path
    path, required = filled(operation.path, brand, influencer), operation.required_keys
    without = brand.api.send(operation.method, path, {})
    with_null = brand.api.send(operation.method, path, dict.fromkeys(required))
    if required:
        assert without.status_code == with_null.status_code == 400
        assert set(required) <= without.json()["errors"].keys() == with_null.json()["errors"].keys()


@each(*OF_A_SHAPE)
def test_half_of_a_surrogate_pair_is_refused_with_the_field(brand, influencer, settings, tmp_path, operation):
    settings.MEDIA_ROOT = tmp_path
    path = filled(operation.path, brand, influencer)
    for field in operation.text_keys:
        body = {"message": "Needed without attachments"} | operation.example | {field: HALF}
        answer = refused(brand.api.send(operation.method, path, body), 400, "invalid", field)
        assert answer["message"]


@pytest.mark.parametrize(
    ("field", "steps", "value"),
    [("details", 0, HALF), ("reason", 1, HALF), ("price", 2, HALF), ("price", 2, [HALF])],
    ids=["text", "reason", "price", "list"],
)
def test_half_of_a_surrogate_pair_in_an_action(brand, influencer, field, steps, value):
    bid = brand.opens_bid_with(influencer)
    influencer.acts(bid, "accept_connection")
    if steps:
        brand.acts(bid, "send_project_details", details="Three reels")
    if steps > 1:
        influencer.acts(bid, "accept_project")
    person = influencer if steps == 1 else brand
    available = person.sees(bid)["available_actions"]
    action = next(one["action"] for one in available if field in [each["id"] for each in one["inputs"]])
    body = {"action": action, "data": {field: value}}
    refused(person.api.post(f"/api/conversations/{bid}/actions", body), 400, "invalid", field)


def test_an_unknown_key_with_half_a_pair_is_ignored(brand, influencer):
    said = brand.says(brand.opens_chat_with(influencer), "Hello", unknown=HALF, sender_id=[HALF])
    assert (said["message"], said["sender_id"]) == ("Hello", brand.id)


def test_ids_in_upper_case(brand, influencer):
    bid = brand.opens(
        conversation_type="bid", influencer_id=influencer.id.upper(), user_id=influencer.id, brand_owner_id=brand.id
    )["id"]
    chat = brand.opens(conversation_type="direct", user_id=influencer.id.upper())["id"]
    assert brand.opens_chat_with(influencer) == chat
    said = brand.says(chat.upper(), receiver_id=influencer.id.upper())
    to = {"receiver_id": influencer.id.upper(), "message": "Hi"}
    assert brand.calls("POST", "/api/messages", to)["conversation_id"] == chat
    assert brand.reads(f"/api/messages/{said['id'].upper()}")["message"] == said
    assert influencer.calls("POST", f"/api/conversations/{chat.upper()}/read", {"up_to": said["id"].upper()})
    assert influencer.acts(bid.upper(), "accept_connection")["conversation"]["id"] == bid
    notification = influencer.reads("/api/notifications")["results"][0]["id"]
    assert influencer.calls("POST", f"/api/notifications/{notification.upper()}/read")["success"]
    for path in ("", "/messages", "/events", "/deal"):
        assert brand.reads(f"/api/conversations/{bid.upper()}{path}")["success"]


@each(*OF_A_SHAPE)
def test_a_byte_order_mark_and_nesting(brand, influencer, settings, tmp_path, operation):
    settings.MEDIA_ROOT = tmp_path
    path = filled(operation.path, brand, influencer)
    too_deep = f'{{"unknown": {nested(MAX_DEPTH)}}}'.encode()
    assert "nested" in refused(brand.api.send(operation.method, path, too_deep), 400, "invalid")["message"]
    for body in (b'\xef\xbb\xbf{"unknown": %s}' % nested(MAX_DEPTH - 1).encode(), b"\xef\xbb\xbf{}"):
        answer = brand.api.send(operation.method, path, body)
        plain = brand.api.send(operation.method, path, b"{}")
        assert (answer.status_code, answer.json()["success"]) == (plain.status_code, plain.json()["success"])


FIXED: list[tuple[str, str, Any]] = [
    *(("/api/conversations", "type", value) for value in ("nope", "", "DIRECT", "direct,bid")),
    *(("/api/conversations", "awaiting", value) for value in ("you", "", "ME")),
    *(("/api/conversations", "unread", value) for value in ("1", "", "True", "yes")),
    *(("/api/conversations", "cursor", value) for value in ("", "nope", "1")),
    *(("/api/conversations", "limit", value) for value in ("", "0", "201", "1.5", "x")),
    *(("/api/notifications", "unread", value) for value in ("1", "none")),
    *(("/api/notifications", "limit", value) for value in ("-1", "ten")),
    *(("/api/notifications/events", "after", value) for value in ("-1", "x", "1.5", "")),
    *(("/api/conversations/{id}/messages", name, "x") for name in ("before", "after", "around", "limit", "cursor")),
    *(("/api/conversations/{id}/events", name, "1e3") for name in ("after", "limit")),
]


@pytest.mark.parametrize(("path", "name", "value"), FIXED)
def test_query_parameters_are_validated(brand, influencer, path, name, value):
    path = path.format(id=brand.opens_chat_with(influencer))
    refused(brand.api.get(path, {name: value}), 400, "invalid", name)
    assert brand.api.get(path, {f"x_{name}": value}).status_code == 200


SOCKET_INPUTS: list[tuple[str, dict[str, Any], str | None]] = [
    ("mark_read", {"up_to": 1.0}, None),
    ("mark_read", {"up_to": 1.5}, "up_to"),
    ("mark_read", {"up_to": True}, "up_to"),
    ("mark_read", {"up_to": None}, "up_to"),
    ("mark_read", {"up_to": "half \ud83d"}, "up_to"),
    ("send_message", {"message": "Hi", "media_url": None, "client_message_id": None}, None),
    ("send_message", {"message": None}, "message"),
    ("send_message", {"message": HALF}, "message"),
    ("send_message", {"message": "Hi", "media_url": f"https://example.com/{HALF}"}, "media_url"),
    ("send_message", {"message": "Hi", "client_message_id": HALF}, "client_message_id"),
    ("send_message", {"message": "Hi", "attachments": [HALF]}, "attachments"),
    ("conversation_action", {"action": "accept_connection", "state_version": 1.0, "data": None}, None),
    ("conversation_action", {"action": HALF}, "action"),
    ("conversation_action", {"action": "accept_connection", "state_version": "1"}, "state_version"),
    ("send_message", {"message": "Hi", "conversation_id": HALF}, "conversation_id"),
]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("command", "payload", "field"), SOCKET_INPUTS)
async def test_the_same_over_sockets(brand, influencer, command, payload, field):
    chat = await in_database(
        brand.opens_bid_with if command == "conversation_action" else brand.opens_chat_with, influencer
    )
    person = influencer if command == "conversation_action" else brand
    answer = await by_socket(person, command, {"conversation_id": chat.upper()} | payload)
    assert answer["success"] is (field is None), answer
    if field:
        assert (answer["code"], list(answer["errors"])) == ("invalid", [field])
