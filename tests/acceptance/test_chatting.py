"""Two users chat through the guide's own code."""

import pytest

from tests.acceptance.browser import Tab
from tests.acceptance.shapes import (
    CONTEXT,
    LIST_UPDATED,
    NEW_MESSAGE,
    NOTIFICATION,
    STATE_CHANGED,
    UPDATED,
    fits,
)
from tests.harness.people import Person

STEP = ("conversation_state_changed", "conversation_updated", "new_message")


def mounted(person: Person, conversation: str) -> Tab:
    """Open a tab that shows the guide's chat component, and wait until the component has joined."""
    tab = person.tabs.tab()
    tab.do("mount", {"conversationId": conversation, "currentUserId": person.id})
    tab.expect("connect")
    # Commands of one socket are handled in order, so the component has joined when this join is acknowledged.
    assert tab.ask("join_user_room", person.id)["success"]
    return tab


@pytest.fixture
def rooms(brand: Person, influencer: Person, conversation: str) -> tuple[Tab, Tab]:
    return mounted(brand, conversation), mounted(influencer, conversation)


def test_the_chat_component_shows_the_messages_of_both_participants(
    brand: Person, influencer: Person, conversation: str, rooms: tuple[Tab, Tab]
) -> None:
    for tab, text in zip(rooms * 2, ("Hi Mira!", "Hello Anaya", "<b>Friday?</b>", "Friday 👍🏽"), strict=True):
        tab.do("say", text)
        for other in rooms:
            other.expect("new_message")
    one, two = (tab.do("chat") for tab in rooms)
    said = [(row["className"], row["content"]) for row in one["messages"]]
    assert said == [
        ("message sent", "Hi Mira!"),
        ("message received", "Hello Anaya"),
        ("message sent", "<b>Friday?</b>"),
        ("message received", "Friday 👍🏽"),
    ]
    assert [row["key"] for row in one["messages"]] == [row["key"] for row in two["messages"]]
    assert [row["className"] for row in two["messages"]] == ["message received", "message sent"] * 2
    assert all(row["time"] != "Invalid Date" for row in one["messages"])
    assert one["failures"] == two["failures"] == []


def test_a_message_is_sent_to_both_and_notifies_its_receiver(
    brand: Person, influencer: Person, conversation: str, rooms: tuple[Tab, Tab]
) -> None:
    rooms[0].do("say", "Hi Mira!")
    for tab in rooms:
        event = tab.expect("new_message")
        fits(event, NEW_MESSAGE)
        message, context = event["message"], event["conversation_context"]
        assert event["conversation_id"] == message["conversation_id"] == context["id"] == conversation
        assert (message["sender_id"], message["receiver_id"]) == (brand.id, influencer.id)
        assert (message["message"], message["message_type"], message["media_url"]) == ("Hi Mira!", "user_input", None)
        assert (message["is_automated"], message["action_required"], message["action_data"]) == (False, False, None)
        assert message["seq"] == event["seq"]
        assert (context["chat_status"], context["conversation_type"]) == ("real_time", "direct")
    told = rooms[1].expect("notification")
    fits(told, NOTIFICATION)
    data = told["data"]
    ids = {"conversation_id": conversation, "message_id": message["id"], "sender_id": brand.id}
    assert data["payload"] == ids
    assert (data["conversation_id"], data["sender_id"], data["receiver_id"]) == (conversation, brand.id, influencer.id)
    assert (data["message"], data["conversation_context"]) == (message, context)
    assert (data["title"], data["body"]) == ("New message", "Hi Mira!")
    assert [shown["id"] for shown in rooms[1].do("chat")["notifications"]] == [data["id"]]
    rooms[1].do("say", "Hello")
    rooms[0].expect("notification")
    assert [one["data"]["sender_id"] for one in rooms[0].all("notification")] == [influencer.id]
    assert [one["data"]["sender_id"] for one in rooms[1].all("notification")] == [brand.id]


def test_the_guides_client_can_show_why_a_message_was_not_sent(
    brand: Person, conversation: str, rooms: tuple[Tab, Tab]
) -> None:
    rooms[0].do("say", " ")
    rooms[0].do("say", "x" * 5001)
    assert rooms[0].do("chat")["failures"] == [
        "message: A text with at least one visible character is needed.",
        "message: At most 5,000 characters.",
    ]


def test_after_leaving_a_room_a_user_is_still_notified(
    brand: Person, influencer: Person, conversation: str, rooms: tuple[Tab, Tab]
) -> None:
    rooms[1].do("unmount")
    rooms[1].ask("join_user_room", influencer.id)
    brand.says(conversation, "Are you there?")
    rooms[0].expect("new_message")
    rooms[1].expect("notification")
    rooms[1].do("room", "initialize")
    rooms[1].do("room", "joinConversation", conversation)
    assert rooms[1].do("room", "getJoinedRooms") == [f"conversation_{conversation}"]
    rooms[1].ask("join_user_room", influencer.id)
    brand.says(conversation, "There you are")
    assert rooms[1].expect("new_message")["message"]["message"] == "There you are"
    assert rooms[1].do("chat")["messages"] == []


def test_opening_a_bid_sends_state_then_update_then_prompt(brand: Person, influencer: Person) -> None:
    listener = influencer.tabs.connected()
    opened = brand.opens(conversation_type="bid", influencer_id=influencer.id, title="Diwali", message="Brief follows")
    told = listener.expect("notification")
    fits(told, NOTIFICATION)
    assert told["data"]["message"]["action_required"] is True
    fits(listener.expect("conversation_list_updated", reason="opened"), LIST_UPDATED)
    for person in (brand, influencer):
        tab = person.tabs.connected()
        answer = tab.ask("join_conversation", {"conversationId": opened["id"], "after": 0})
        assert (answer["success"], answer["reset"], answer["seq"]) == (True, False, 4)
        assert tab.names(*STEP) == [*STEP, "new_message"]
        changed, updated, prompt, text = tab.all(*STEP)
        check_opening(changed, updated, opened["id"])
        check_prompt(prompt, influencer)
        assert (text["message"]["message"], text["message"]["message_type"]) == ("Brief follows", "user_input")
        assert [event["seq"] for event in (changed, updated, prompt, text)] == [1, 2, 3, 4]
        heard = tab.do("heard")
        assert [one["reason"] for one in heard["stateChanges"]] == ["conversation_opened"]
        assert [one["flow_state"] for one in heard["updates"]] == ["influencer_responding"]


def check_opening(changed: dict, updated: dict, conversation: str) -> None:
    fits(changed, STATE_CHANGED)
    fits(updated, UPDATED)
    standing = {"chat_status": "automated", "flow_state": "influencer_responding", "awaiting_role": "influencer"}
    assert (changed["previous_state"], changed["new_state"]) == (None, standing)
    assert changed["conversation_id"] == updated["conversation_id"] == conversation
    assert {key: updated[key] for key in standing} == standing
    assert {key: updated["conversation_context"][key] for key in standing} == standing
    assert updated["conversation_type"] == "bid"


def check_prompt(prompt: dict, influencer: Person) -> None:
    fits(prompt, NEW_MESSAGE)
    message = prompt["message"]
    assert (message["message_type"], message["is_automated"], message["action_required"]) == ("system", True, True)
    assert message["receiver_id"] == influencer.id
    assert [button["id"] for button in message["action_data"]["buttons"]] == ["accept_connection", "reject_connection"]
    assert prompt["conversation_context"]["automation_enabled"] is True


def test_a_new_chat_reaches_a_connected_user_who_joined_no_room(brand: Person, influencer: Person) -> None:
    tab = influencer.tabs.connected()
    sent = brand.api.post("/api/messages", {"receiver_id": influencer.id, "message": "Hi"}).json()
    told = tab.expect("notification")
    assert told["data"]["conversation_id"] == sent["conversation_id"]
    fits(told["data"]["conversation_context"], CONTEXT)
    line = tab.expect("conversation_list_updated", reason="message")
    fits(line, LIST_UPDATED)
    assert (line["conversation_id"], line["unread_count"], line["total_unread"]) == (sent["conversation_id"], 1, 1)
    assert line["last_message"]["id"] == sent["message"]["id"]
