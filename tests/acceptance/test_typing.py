"""Typing indicators: sent to the other participant only, and ended by a timeout."""

import pytest

from tests.acceptance.browser import Tab
from tests.acceptance.shapes import USER_TYPING, fits
from tests.harness.people import Person


@pytest.fixture
def one(brand: Person, conversation: str) -> Tab:
    return brand.tabs.joined(conversation)


@pytest.fixture
def two(influencer: Person, conversation: str) -> Tab:
    return influencer.tabs.joined(conversation)


def begin(one: Tab, two: Tab, brand: Person, conversation: str) -> None:
    assert one.ask("typing_start", {"conversationId": conversation}) == {"success": True}
    event = two.expect("user_typing", isTyping=True)
    assert fits(event, USER_TYPING)
    assert event == {"conversationId": conversation, "userId": brand.id, "isTyping": True}


def test_typing_is_sent_to_the_other_participant_only(
    one: Tab, two: Tab, brand: Person, influencer: Person, conversation: str
) -> None:
    another = brand.tabs.joined(conversation)
    begin(one, two, brand, conversation)
    assert one.ask("typing_stop", {"conversationId": conversation}) == {"success": True}
    two.expect("user_typing", isTyping=False)
    # All events sent before this message have arrived by now.
    brand.says(conversation, "the end")
    for own in (one, another):
        own.expect("new_message")
        assert own.all("user_typing") == []
    heard = two.do("heard")["typing"]
    assert [event["isTyping"] for event in heard] == [True, False]


def test_continued_typing_is_sent_once(one: Tab, two: Tab, brand: Person, conversation: str) -> None:
    begin(one, two, brand, conversation)
    for _ in range(3):
        assert one.ask("typing_start", conversation)["success"]
    for _ in range(2):
        assert one.ask("typing_stop", {"conversation_id": conversation})["success"]
    two.expect("user_typing", isTyping=False)
    brand.says(conversation, "the end")
    two.expect("new_message")
    assert [event["isTyping"] for event in two.all("user_typing")] == [True, False]


def test_typing_ends_by_itself(one: Tab, two: Tab, brand: Person, conversation: str) -> None:
    begin(one, two, brand, conversation)
    assert two.expect("user_typing", isTyping=False)["userId"] == brand.id


@pytest.mark.parametrize("transport", ["rest", "socket"])
def test_typing_ends_on_sending(transport: str, one: Tab, two: Tab, brand: Person, conversation: str) -> None:
    begin(one, two, brand, conversation)
    if transport == "rest":
        brand.says(conversation, "There")
    else:
        one.ask("send_message", {"conversation_id": conversation, "message": "There"})
    two.expect("user_typing", isTyping=False)
    two.expect("new_message")


def test_the_other_participants_message_does_not_end_typing(
    one: Tab, two: Tab, brand: Person, influencer: Person, conversation: str
) -> None:
    begin(one, two, brand, conversation)
    influencer.says(conversation, "Wait")
    one.expect("new_message")
    two.expect("new_message")
    one.ask("typing_stop", conversation)
    brand.says(conversation, "the end")
    two.expect("new_message")
    assert two.names("user_typing", "new_message") == ["user_typing", "new_message", "user_typing", "new_message"]


@pytest.mark.parametrize("way", ["leave", "disconnect", "drop"])
def test_typing_ends_on_leaving(way: str, one: Tab, two: Tab, brand: Person, conversation: str) -> None:
    begin(one, two, brand, conversation)
    if way == "leave":
        one.ask("leave_conversation", {"conversationId": conversation})
    else:
        one.do(way)
    two.expect("user_typing", isTyping=False)


def test_only_room_members_can_type(brand: Person, two: Tab, conversation: str) -> None:
    tab = brand.tabs.connected()
    assert tab.ask("typing_start", {"conversationId": conversation})["code"] == "not_found"
    brand.says(conversation, "the end")
    two.expect("new_message")
    assert two.all("user_typing") == []
