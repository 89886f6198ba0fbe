"""A whole deal through the guide's client on both sides, over sockets and REST; each event is checked in its order."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.acceptance.browser import Tab
from tests.acceptance.shapes import NEW_MESSAGE, NOTIFICATION, STATE_CHANGED, UPDATED, fits
from tests.harness.people import Person

STEP = ("conversation_state_changed", "conversation_updated", "new_message")
WORK = {"deliverables": "Three reels", "description": "As agreed", "notes": "Sound on"}

BRAND, INFLUENCER = "brand_owner", "influencer"
DEAL = (
    # actor, action, action data, resulting state
    (INFLUENCER, "accept_connection", None, "brand_owner_details"),
    (BRAND, "send_project_details", {"details": "Three reels about tea"}, "influencer_reviewing"),
    (INFLUENCER, "accept_project", None, "brand_owner_pricing"),
    (BRAND, "send_price_offer", {"price": "1000.00"}, "influencer_price_response"),
    (INFLUENCER, "negotiate_price", None, "brand_owner_negotiation"),
    (BRAND, "agree_negotiation", None, "influencer_price_input"),
    (INFLUENCER, "send_counter_offer", {"price": "1500.00"}, "brand_owner_price_response"),
    (BRAND, "reject_counter_offer", None, "influencer_price_input"),
    (INFLUENCER, "send_counter_offer", {"price": "1400.00"}, "brand_owner_price_response"),
    (BRAND, "make_final_offer", {"price": "1250.00"}, "influencer_final_response"),
    (INFLUENCER, "accept_final_offer", None, "payment_pending"),
    (BRAND, "pay", None, "payment_completed"),
    (INFLUENCER, "start_work", None, "work_in_progress"),
    (INFLUENCER, "submit_work", WORK, "work_submitted"),
    (BRAND, "request_revision", {"feedback": "Louder, please"}, "work_revision_requested"),
    (INFLUENCER, "resubmit_work", WORK, "work_submitted"),
    (BRAND, "approve_work", None, "real_time"),
    (INFLUENCER, "close_conversation", {"reason": "All done"}, "chat_closed"),
)


class Side:
    """A participant of the deal with a tab that has joined it. Every second action is sent over the socket."""

    def __init__(self, person: Person, conversation: str) -> None:
        self.person, self.conversation = person, conversation
        self.tab = person.tabs.joined(conversation)
        self._acted = 0

    def stands(self) -> dict[str, Any]:
        return self.person.reads(f"/api/conversations/{self.conversation}")["conversation"]

    def act(self, action: str, data: Any = None, version: int | None = None) -> dict[str, Any]:
        """Send an action, alternating between REST and the socket, and return the response."""
        self._acted += 1
        body = {"action": action, "state_version": version} | ({} if data is None else {"data": data})
        if self._acted % 2:
            return self.tab.ask("conversation_action", {"conversation_id": self.conversation, **body})
        return self.person.api.post(f"/api/conversations/{self.conversation}/actions", body).json()

    def pay(self) -> dict[str, Any]:
        payment = self.act("proceed_to_payment")["payment"]
        assert (payment["amount"], payment["status"]) == ("1250.00", "open")
        return self.person.api.post(payment["pay"]["url"]).json()


@pytest.fixture
def bid(brand: Person, influencer: Person) -> str:
    return brand.opens(conversation_type="bid", influencer_id=influencer.id, title="Tea")["id"]


@pytest.fixture
def sides(brand: Person, influencer: Person, bid: str) -> dict[str, Side]:
    return {BRAND: Side(brand, bid), INFLUENCER: Side(influencer, bid)}


def other(role: str) -> str:
    return BRAND if role == INFLUENCER else INFLUENCER


def steps_of(tab: Tab) -> list[Any]:
    return [payload["new_state"]["flow_state"] for payload in tab.all("conversation_state_changed")]


def test_a_whole_deal(sides: dict[str, Side], bid: str) -> None:
    before = "influencer_responding"
    for role, action, data, target in DEAL:
        side = sides[role]
        version = side.stands()["state_version"]
        answer = side.pay() if action == "pay" else side.act(action, data, version)
        assert answer["success"], answer
        conversation = answer["conversation"]
        assert conversation["flow_state"] == target
        if action != "pay":
            assert answer["message"]["sender_id"] == side.person.id
        for one in sides.values():
            check_step(one.tab, before, target)
        before = target
    for one in sides.values():
        assert_order(one.tab, bid)
    assert sides[BRAND].stands()["available_actions"] == []


def check_step(tab: Tab, before: str, target: str) -> None:
    """Check the events of one step, including the events of an automatic transition."""
    changed = tab.expect("conversation_state_changed")
    fits(changed, STATE_CHANGED)
    assert changed["previous_state"]["flow_state"] == before
    updated = tab.expect("conversation_updated")
    fits(updated, UPDATED)
    said = tab.expect("new_message")
    fits(said, NEW_MESSAGE)
    assert said["message"]["is_automated"] is True
    assert said["message"]["message_type"] == "system"
    assert [changed["seq"] + 1, updated["seq"] + 1] == [updated["seq"], said["seq"]]
    if changed["new_state"]["flow_state"] == "work_approved":
        changed, updated = tab.expect("conversation_state_changed"), tab.expect("conversation_updated")
        assert changed["reason"] == "free_chat_opened"
    assert changed["new_state"]["flow_state"] == updated["flow_state"] == target
    context = updated["conversation_context"]
    asked = context["current_action_data"]
    assert (asked and asked["role"]) == context["awaiting_role"]


def assert_order(tab: Tab, conversation: str) -> None:
    """Check that every event was received once, in order of `seq`, and that each message notified its receiver."""
    events = [payload for name, payload in tab.seen if name in STEP]
    numbers = [event["seq"] for event in events]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    for told in tab.all("notification"):
        fits(told, NOTIFICATION)
        assert told["data"]["conversation_id"] == conversation


@pytest.mark.parametrize("action", ["accept_project", "send_price_offer", "dance"])
def test_a_refused_action_sends_no_event(sides: dict[str, Side], action: str) -> None:
    seen = {role: len(side.tab.seen) for role, side in sides.items()}
    refused = [sides[INFLUENCER].act(action, {"price": "5"}) for _ in range(2)]
    assert [answer["success"] for answer in refused] == [False, False]
    by_socket, by_rest = refused
    assert by_socket["code"] == by_rest["code"]
    assert by_socket.get("conversation") == by_rest.get("conversation")
    assert by_socket.get("available_actions") == by_rest.get("available_actions")
    # Both participants receive the next message, so all earlier events have arrived by then.
    assert sides[INFLUENCER].act("accept_connection", version=1)["success"]
    for role, side in sides.items():
        side.tab.expect("new_message")
        told = [name for name, _ in side.tab.seen[seen[role] :] if name in STEP]
        assert told == list(STEP)


def test_concurrent_clicks_over_both_transports_are_one_step(
    sides: dict[str, Side], influencer: Person, bid: str
) -> None:
    tabs = [influencer.tabs.joined(bid) for _ in range(3)]
    click = {"conversation_id": bid, "action": "accept_connection", "state_version": 1}

    def by_socket(number: int) -> dict[str, Any]:
        return tabs[number % len(tabs)].ask("conversation_action", click)

    def by_rest(_: int) -> dict[str, Any]:
        return influencer.api.post(f"/api/conversations/{bid}/actions", click).json()

    with ThreadPoolExecutor(10) as threads:
        answers = list(threads.map(lambda number: (by_socket, by_rest)[number % 2](number), range(100)))
    assert all(answer["success"] for answer in answers), answers
    assert sum("repeated" not in answer for answer in answers) == 1
    assert len({answer["message"]["id"] for answer in answers}) == 1
    # The events of the next step arrive after every event that these clicks could have caused.
    assert sides[BRAND].act("send_project_details", {"details": "Tea"})["success"]
    for side in sides.values():
        side.tab.expect("new_message", seq=9)
        assert steps_of(side.tab) == ["brand_owner_details", "influencer_reviewing"]
        assert len(side.tab.all("new_message")) == 2
