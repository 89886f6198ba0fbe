"""Read marks and their effects for both participants."""

from typing import Any

import pytest

from tests.acceptance.shapes import LIST_UPDATED, MESSAGES_READ, fits
from tests.harness.people import Person


@pytest.mark.parametrize("command", ["mark_read", "mark_seen"])
@pytest.mark.parametrize("by", ["id", "seq"])
def test_a_read_mark_is_sent_to_both_participants(
    command: str, by: str, brand: Person, influencer: Person, conversation: str
) -> None:
    one, two = brand.tabs.joined(conversation), influencer.tabs.joined(conversation)
    said = [brand.says(conversation, f"message {number}") for number in range(3)]
    answer = two.ask(command, {"conversationId": conversation, "upTo": said[1][by]})
    assert answer == {"success": True, "unread_count": 1, "total_unread": 1, "up_to_seq": said[1]["seq"]}
    for tab in (one, two):
        event = tab.expect("messages_read")
        fits(event, MESSAGES_READ)
        assert (event["user_id"], event["up_to_seq"]) == (influencer.id, said[1]["seq"])
        assert event["conversation_id"] == conversation
    line = two.expect("conversation_list_updated", reason="read")
    fits(line, LIST_UPDATED)
    assert (line["unread_count"], line["total_unread"], line["last_message"]["id"]) == (1, 1, said[2]["id"])
    shown = brand.reads(f"/api/conversations/{conversation}/messages")["results"]
    assert [message["read_at"] is not None for message in shown] == [True, True, False]
    # The list of the other participant has not changed.
    brand.says(conversation, "the end")
    one.expect("conversation_list_updated", reason="message", unread_count=0)
    assert "read" not in [line["reason"] for line in one.all("conversation_list_updated")]


def test_an_unchanged_read_mark_is_not_sent(brand: Person, influencer: Person, conversation: str) -> None:
    one, two = brand.tabs.joined(conversation), influencer.tabs.joined(conversation)
    brand.says(conversation, "Hi")
    answers = [two.ask("mark_read", {"conversation_id": conversation, "up_to": up_to}) for up_to in (3, 3, 0, 2**40)]
    assert {answer["up_to_seq"] for answer in answers} == {3}
    brand.says(conversation, "the end")
    one.expect("new_message", seq=5)
    assert [event["up_to_seq"] for event in one.all("messages_read")] == [3]


def test_reading_over_rest_is_sent_too(brand: Person, influencer: Person, conversation: str) -> None:
    one = brand.tabs.joined(conversation)
    said = brand.says(conversation, "Hi")
    assert influencer.api.post(f"/api/conversations/{conversation}/read", {"up_to": said["id"]}).status_code == 200
    assert one.expect("messages_read")["user_id"] == influencer.id


def test_each_participant_receives_their_own_counts(brand: Person, influencer: Person, conversation: str) -> None:
    one, two = brand.tabs.connected(), influencer.tabs.connected()
    for number in (1, 2):
        said = brand.says(conversation, f"message {number}")
        check_line(one.expect("conversation_list_updated"), said, unread=0)
        check_line(two.expect("conversation_list_updated"), said, unread=number)
    changed = brand.api.patch(f"/api/messages/{said['id']}", {"message": "changed"}).json()["message"]
    for tab, unread in ((one, 0), (two, 2)):
        line = tab.expect("conversation_list_updated", reason="updated")
        assert (line["last_message"]["message"], line["unread_count"]) == (changed["message"], unread)
    assert brand.api.delete(f"/api/messages/{said['id']}").status_code == 200
    assert two.expect("conversation_list_updated", reason="deleted")["unread_count"] == 1


def check_line(line: dict[str, Any], message: dict[str, Any], unread: int) -> None:
    fits(line, LIST_UPDATED)
    assert line["reason"] == "message"
    assert line["conversation_id"] == message["conversation_id"]
    assert line["last_message"]["id"] == message["id"]
    assert (line["unread_count"], line["total_unread"]) == (unread, unread)


def test_edited_and_deleted_messages_are_sent_to_the_room(brand: Person, influencer: Person, conversation: str) -> None:
    tabs = brand.tabs.joined(conversation), influencer.tabs.joined(conversation)
    said = brand.says(conversation, "Hi")
    brand.api.patch(f"/api/messages/{said['id']}", {"message": "Hello"})
    brand.api.delete(f"/api/messages/{said['id']}")
    for tab in tabs:
        updated = tab.expect("message_updated", conversation_id=conversation)
        assert (updated["message"]["id"], updated["message"]["message"]) == (said["id"], "Hello")
        assert updated["message"]["edited_at"]
        deleted = tab.expect("message_deleted", conversation_id=conversation)
        assert (deleted["message_id"], deleted["seq"]) == (said["id"], 5)
