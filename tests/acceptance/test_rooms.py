"""Joining and leaving rooms, and the responses to malformed commands."""

import uuid
from typing import Any

import pytest

from realtime import registry
from tests.acceptance.shapes import CONTEXT, fits
from tests.harness.people import Person

COMMANDS = sorted(registry.commands)
MALFORMED: list[list[Any]] = [
    [],
    [None],
    [[]],
    [[1, 2]],
    [0],
    [-1.5],
    [True],
    [{}],
    [{"conversationId": None, "userId": None, "token": None}],
    [{"conversationId": 5, "userId": 5, "token": 5}],
    [{"conversationId": ["x"], "userId": ["x"], "token": ["x"]}],
    [{"conversationId": {}, "userId": {}, "token": {}}],
    [None, None, None],
]
"""Command arguments without the members that every command requires."""


@pytest.mark.parametrize(
    "spelling",
    [
        lambda conversation: {"conversationId": conversation},
        lambda conversation: {"conversation_id": conversation},
        lambda conversation: conversation,
        lambda conversation: {"conversationId": conversation.upper()},
        lambda conversation: {"conversationId": conversation, "userId": "ignored", "room": 5},
    ],
    ids=["camel", "snake", "bare", "upper case", "more keys"],
)
def test_a_conversation_is_joined_in_any_spelling(
    spelling: Any, brand: Person, influencer: Person, conversation: str
) -> None:
    tab = influencer.tabs.connected()
    answer = tab.ask("join_conversation", spelling(conversation))
    assert (answer["success"], answer["seq"], answer["reset"]) == (True, 2, False)
    fits(answer["conversation"], CONTEXT)
    shown = answer["conversation"]
    assert (shown["id"], shown["my_role"]) == (conversation, "participant")
    assert (shown["other_user"]["id"], shown["unread_count"]) == (brand.id, 0)
    assert answer["online"] == [influencer.id]
    brand.says(conversation, "Hi")
    tab.expect("new_message")
    assert tab.ask("leave_conversation", spelling(conversation)) == {"success": True}
    brand.says(conversation, "Still there?")
    tab.expect("notification", seq=2)
    assert len(tab.all("new_message")) == 1


def test_joining_twice_delivers_once(brand: Person, influencer: Person, conversation: str) -> None:
    tab = influencer.tabs.joined(conversation)
    assert tab.ask("join_conversation", conversation)["success"]
    brand.says(conversation, "Hi")
    brand.says(conversation, "Hi again")
    tab.expect("new_message", seq=4)
    assert [event["seq"] for event in tab.all("new_message")] == [3, 4]


def test_missing_and_foreign_conversations_look_the_same(
    brand: Person, influencer: Person, conversation: str, deployment: Any, meet: Any
) -> None:
    stranger, _ = meet(deployment)
    tab = stranger.tabs.connected()
    targets = (conversation, str(uuid.uuid4()), "nonsense", "", f"conversation_{conversation}")
    for command, more in (
        ("join_conversation", {}),
        ("join_conversation", {"after": 0}),
        ("leave_conversation", {}),
        ("typing_start", {}),
        ("typing_stop", {}),
        ("mark_read", {"up_to": 1}),
        ("send_message", {"message": "Hi"}),
        ("conversation_action", {"action": "accept_connection"}),
    ):
        answers = [tab.ask(command, {"conversationId": target} | more) for target in targets]
        assert answers[0]["code"] == "not_found"
        assert all(answer == answers[0] for answer in answers), answers
    brand.says(conversation, "Between us")
    brand.api.post("/api/messages", {"receiver_id": stranger.id, "message": "To you"})
    tab.expect("notification")
    assert tab.names("new_message", "user_typing") == []


def test_a_socket_starts_in_its_users_room_and_can_join_no_other(brand: Person, influencer: Person) -> None:
    tab = brand.tabs.connected()
    for command in ("join_user_room", "join"):
        for payload in ({"userId": brand.id}, {"user_id": brand.id}, brand.id, {"userId": brand.id.upper()}):
            assert tab.ask(command, payload) == {"success": True, "seq": 0, "reset": False}
    for command in ("join_user_room", "join", "leave_user_room"):
        for other in (influencer.id, str(uuid.uuid4())):
            assert tab.ask(command, {"userId": other})["code"] == "forbidden"
        for nobody in (f"user_{brand.id}", ""):
            assert tab.ask(command, {"userId": nobody})["code"] == "not_found"
    influencer.api.post("/api/messages", {"receiver_id": brand.id, "message": "Hi"})
    tab.expect("notification")
    influencer.tabs.connected().do("room", "joinUserRoom", brand.id)
    assert [event["data"]["receiver_id"] for event in tab.all("notification")] == [brand.id]


@pytest.mark.parametrize("drop", [False, True], ids=["connected", "recovered"])
def test_a_socket_that_left_its_users_room_hears_nothing_until_it_joins_again(
    drop: bool, brand: Person, influencer: Person, conversation: str
) -> None:
    tab, other = brand.tabs.joined(conversation), brand.tabs.connected()
    influencer.says(conversation, "one")
    tab.expect("notification", seq=1)
    for _ in range(2):
        assert tab.ask("leave_user_room", {"userId": brand.id.upper()}) == {"success": True}
    if drop:
        tab.do("drop")
        tab.expect("disconnect")
        assert tab.expect("connect")["recovered"] is True
    influencer.says(conversation, "two")
    other.expect("notification", seq=2)
    assert tab.expect("new_message", seq=4)["message"]["message"] == "two"
    lists = len(tab.all("conversation_list_updated"))
    assert [event["seq"] for event in tab.all("notification")] == [1]
    assert tab.ask("join_user_room", {"userId": brand.id, "after": 1}) == {"success": True, "seq": 2, "reset": False}
    tab.expect("notification", seq=2)
    influencer.says(conversation, "three")
    tab.expect("notification", seq=3)
    assert lists == 1
    if drop:
        tab.do("drop")
        tab.expect("disconnect")
        assert tab.expect("connect")["recovered"] is True
        influencer.says(conversation, "four")
        tab.expect("notification", seq=4)


def test_a_payload_that_is_nested_too_deeply_is_answered(brand: Person, conversation: str) -> None:
    tab = brand.tabs.joined(conversation)
    for depth in (31, 32, 33, 100, 400):
        payload: Any = {"message": "Hi", "conversation_id": conversation}
        nested: Any = 1
        for _ in range(depth - 1):
            nested = [nested]
        answer = tab.ask("send_message", payload | {"unknown": nested})
        assert answer["success"] is (depth <= 32), depth
        assert answer.get("code") == (None if depth <= 32 else "invalid")
    assert tab.names("disconnect") == []


def test_malformed_payloads_return_errors_and_change_nothing(brand: Person, conversation: str) -> None:
    tab = brand.tabs.joined(conversation)
    for command in COMMANDS:
        for args in MALFORMED:
            answer = tab.ask(command, *args)
            assert (answer["success"], answer["code"]) == (False, "invalid"), (command, args)
            assert answer["message"]
            assert answer["errors"], (command, args)
            tab.emit(command, *args)
    assert tab.ask("send_message", {"conversationId": conversation, "message": "I am well"})["success"]
    assert tab.expect("new_message")["message"]["message"] == "I am well"
    assert tab.names("disconnect") == []


def test_an_error_names_the_field(brand: Person, conversation: str) -> None:
    tab = brand.tabs.joined(conversation)
    for command, payload, field in (
        ("join_conversation", {"after": -1}, "after"),
        ("join_conversation", {"after": "1"}, "after"),
        ("join_conversation", {"after": 1.5}, "after"),
        ("join_conversation", {"after": True}, "after"),
        ("join_conversation", {"after": 2**63}, "after"),
        ("send_message", {"message": "Hi", "media_url": "javascript:alert(1)"}, "media_url"),
        ("send_message", {"message": "Hi", "mediaUrl": 5}, "media_url"),
        ("send_message", {"message": "Hi", "clientMessageId": "a b"}, "client_message_id"),
        ("send_message", {"message": "Hi", "client_message_id": "x" * 65}, "client_message_id"),
        ("send_message", {"message": "Hi", "receiver_id": str(uuid.UUID(int=5))}, "receiver_id"),
    ):
        answer = tab.ask(command, {"conversationId": conversation} | payload)
        assert (answer["success"], answer["code"]) == (False, "invalid"), answer
        assert list(answer["errors"]) == [field], answer
    assert brand.reads(f"/api/conversations/{conversation}/messages")["results"] == []


def test_unknown_commands_return_an_error(brand: Person) -> None:
    tab = brand.tabs.connected()
    for event in ("no_such_command", "new_message", "message", "user_status", "__proto__"):
        assert tab.ask(event, {"conversationId": "x"})["code"] == "invalid"
        tab.emit(event)
    assert tab.ask("join", brand.id)["success"]


def test_the_token_determines_who_sends_and_types(brand: Person, influencer: Person, conversation: str) -> None:
    two = influencer.tabs.joined(conversation)
    one = brand.tabs.joined(conversation)
    claims = {"sender_id": influencer.id, "senderId": influencer.id, "userId": influencer.id}
    planted = {"message_type": "system", "is_automated": True, "action_required": True, "action_data": {"buttons": []}}
    one.ask("typing_start", {"conversationId": conversation} | claims)
    assert two.expect("user_typing")["userId"] == brand.id
    one.ask("send_message", {"conversationId": conversation, "message": "Hi"} | claims | planted)
    message = two.expect("new_message")["message"]
    assert (message["sender_id"], message["message_type"]) == (brand.id, "user_input")
    assert (message["is_automated"], message["action_required"], message["action_data"]) == (False, False, None)
