"""The state that a client builds from events equals the state that it would read over REST."""

from typing import Any

import pytest

from conversations.models import Conversation
from messaging.system_messages import post_system_message
from tests.contract.event_reducer import Client
from tests.deals import PATH
from tests.harness.people import Person

CONTEXT = {
    "id",
    "chat_status",
    "flow_state",
    "awaiting_role",
    "conversation_type",
    "automation_enabled",
    "current_action_data",
    "state_version",
    "due_at",
}


def agree(client: Client, reader: Person, chat: str) -> None:
    """Bring the client up to date with events, and compare it with the responses of REST."""
    path = f"/api/conversations/{chat}"
    for event in reader.reads(f"{path}/events", after=client.seq, limit=200)["results"]:
        client.take(event["event"], event["data"])
    shown = reader.sees(chat)
    assert client.seq == shown["seq"]
    assert client.context == {key: shown[key] for key in CONTEXT}
    assert client.stage == shown["stage"]
    history = reader.reads(f"{path}/messages", limit=200)["results"]
    assert client.history() == history
    assert shown["last_message"] == (history[-1] if history else None)
    for (_, before), (previous, _) in zip(client.states, client.states[1:], strict=False):
        assert previous == before


def unread(reader: Person, history: list[dict[str, Any]], mark: int) -> int:
    return sum(one["seq"] > mark and one["sender_id"] != reader.id and not one["deleted_at"] for one in history)


def test_a_chat(brand, influencer):
    chat, client = brand.opens_chat_with(influencer), Client()
    agree(client, influencer, chat)
    first = brand.says(chat, "Hello", media_url="https://example.com/")
    second = influencer.says(chat, "Hello yourself")
    agree(client, influencer, chat)
    brand.api.patch(f"/api/messages/{first['id']}", {"message": "Hello!"})
    influencer.api.post(f"/api/conversations/{chat}/read", {"up_to": first["id"]})
    agree(client, brand, chat)
    brand.api.delete(f"/api/messages/{first['id']}")
    brand.api.post(f"/api/conversations/{chat}/read", {"up_to": second["seq"]})
    post_system_message(conversation_id=Conversation.objects.get().pk, text="Maintenance")
    agree(client, influencer, chat)
    for reader, mark in ((influencer, first["seq"]), (brand, second["seq"])):
        assert reader.sees(chat)["unread_count"] == unread(reader, client.history(), mark) == 1


@pytest.mark.parametrize("kind", ["bid", "campaign"])
def test_a_deal_from_its_opening_to_its_end(brand, influencer, kind):
    opened = brand.opens(
        conversation_type=kind, influencer_id=influencer.id, title="Box", proposed_amount="1000", message="Three reels"
    )
    deal, client = opened["id"], Client()
    agree(client, influencer, deal)
    for state, action, data in PATH:
        shown = brand.sees(deal)
        assert shown["flow_state"] == state
        by = influencer if shown["awaiting_role"] == "influencer" else brand
        take(by, brand, deal, action, data)
        agree(client, influencer, deal)
    assert client.context["flow_state"] == "chat_closed"
    assert len(client.states) > len(PATH)


def take(by: Person, brand: Person, deal: str, action: str, data: Any) -> None:
    if action == "pay":
        answer = brand.api.post(f"/api/conversations/{deal}/actions", {"action": "proceed_to_payment"})
        answer = brand.api.post(f"/api/payments/sandbox/{answer.json()['payment']['order_id']}/pay")
    else:
        answer = by.api.post(f"/api/conversations/{deal}/actions", {"action": action, "data": data})
    assert answer.status_code == 200, answer.content


def test_notifications(brand, influencer):
    """The log replays the notification of a deleted message without text, and the list does not have it."""
    chat = brand.opens_chat_with(influencer)
    texts = [brand.says(chat, f"text {number}") for number in range(3)]
    brand.api.delete(f"/api/messages/{texts[1]['id']}")
    told = [event["data"]["data"] for event in influencer.reads("/api/notifications/events")["results"]]
    stored = influencer.reads("/api/notifications")["results"][::-1]
    shared = ("id", "title", "body", "created_at", "payload", "conversation_id")
    assert [one["message"]["message"] for one in told] == ["text 0", "", "text 2"]
    del told[1]
    assert [{key: one[key] for key in shared} for one in told] == [{key: one[key] for key in shared} for one in stored]
