"""The same use cases over REST and over sockets have the same effects, responses and errors."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.acceptance.shapes import CONTEXT, MESSAGE, fits
from tests.harness.people import Person

STATUS = {
    "invalid": 400,
    "unknown_action": 400,
    "forbidden": 403,
    "wrong_role": 403,
    "not_found": 404,
    "wrong_state": 409,
    "stale_action": 409,
    "conversation_closed": 409,
    "idempotency_mismatch": 422,
}


@dataclass(frozen=True)
class Rest:
    person: Person

    def send(self, **body: Any) -> dict[str, Any]:
        return answered(self.person.api.post("/api/messages", body))

    def read(self, conversation: str, up_to: Any) -> dict[str, Any]:
        return answered(self.person.api.post(f"/api/conversations/{conversation}/read", {"up_to": up_to}))

    def act(self, conversation: str, **body: Any) -> dict[str, Any]:
        return answered(self.person.api.post(f"/api/conversations/{conversation}/actions", body))


def answered(answer: httpx.Response) -> dict[str, Any]:
    body = answer.json()
    if body["success"]:
        assert answer.status_code in {200, 201}
    else:
        assert answer.status_code == STATUS[body["code"]], body
    return body


class Socket:
    def __init__(self, person: Person) -> None:
        self._tab = person.tabs.connected()

    def send(self, **body: Any) -> dict[str, Any]:
        return self._tab.ask("send_message", body)

    def read(self, conversation: str, up_to: Any) -> dict[str, Any]:
        return self._tab.ask("mark_read", {"conversation_id": conversation, "up_to": up_to})

    def act(self, conversation: str, **body: Any) -> dict[str, Any]:
        return self._tab.ask("conversation_action", {"conversation_id": conversation} | body)


Transport = Callable[[Person], Rest | Socket]


@pytest.fixture(params=[Rest, Socket], ids=["rest", "socket"])
def transport(request: pytest.FixtureRequest) -> Transport:
    return request.param


@pytest.fixture
def bid(brand: Person, influencer: Person) -> str:
    return brand.opens(conversation_type="bid", influencer_id=influencer.id, title="Diwali")["id"]


def check_refused(answer: dict[str, Any], code: str, *fields: str) -> None:
    assert (answer["success"], answer["code"]) == (False, code), answer
    assert isinstance(answer["message"], str)
    assert answer["message"]
    assert set(answer.get("errors", {})) == set(fields), answer


def texts(person: Person, conversation: str) -> list[str]:
    return [one["message"] for one in person.reads(f"/api/conversations/{conversation}/messages")["results"]]


# Sending


def test_a_text_is_stored_unchanged(transport: Transport, brand: Person, influencer: Person, conversation: str) -> None:
    said = [
        "Hi",
        "a\nb\tc",
        "x" * 5000,
        "👍🏽" * 2500,
        "<b>&amp;</b>",
        "\u202eabc\u202c",
        "नमस्ते",
        "'; DROP TABLE --",
        "0",
    ]
    through = transport(brand)
    for text in said:
        answer = through.send(conversation_id=conversation, message=f" \u2003\ufeff{text}\n ")
        assert answer["success"], answer
        assert answer["conversation_id"] == conversation
        fits(answer["message"], MESSAGE)
        assert answer["message"]["message"] == text
    assert texts(influencer, conversation) == said


def test_an_invalid_text_is_refused(transport: Transport, brand: Person, conversation: str) -> None:
    through = transport(brand)
    invisible = ["", "   ", "\n\t", "\u200b\u200d", "\ufeff", "\u2028", "\u00ad", "\x07"]
    for text in [*invisible, "\x00", "Hi\x00", "x" * 5001, None, 5, ["Hi"], {"text": "Hi"}]:
        check_refused(through.send(conversation_id=conversation, message=text), "invalid", "message")
    check_refused(through.send(conversation_id=conversation), "invalid", "message")
    assert texts(brand, conversation) == []


def test_a_message_needs_a_conversation_or_receiver(transport: Transport, brand: Person) -> None:
    assert transport(brand).send(message="Hi")["code"] == "invalid"
    check_refused(transport(brand).send(message="Hi", receiver_id=str(uuid.uuid4())), "not_found")
    check_refused(transport(brand).send(message="Hi", receiver_id=brand.id), "invalid", "receiver_id")


def test_a_repeat_returns_the_first_message(
    transport: Transport, brand: Person, influencer: Person, conversation: str
) -> None:
    body = {"conversation_id": conversation, "message": "Once", "client_message_id": uuid.uuid4().hex}
    watching = influencer.tabs.joined(conversation)
    through = transport(brand)
    first = through.send(**body)
    assert first["message"]["client_message_id"] == body["client_message_id"]
    for again in (through, Rest(brand), Socket(brand)):
        assert again.send(**body) == first
    changed = brand.api.patch(f"/api/messages/{first['message']['id']}", {"message": "Twice"}).json()["message"]
    assert through.send(**body)["message"] == changed
    brand.says(conversation, "the end")
    watching.expect("new_message", seq=5)
    assert [event["message"]["message"] for event in watching.all("new_message")] == ["Once", "the end"]


def test_a_client_message_id_with_another_body_is_refused(
    transport: Transport, brand: Person, influencer: Person, conversation: str, bid: str
) -> None:
    body = {"conversation_id": conversation, "message": "Once", "client_message_id": uuid.uuid4().hex}
    through = transport(brand)
    assert through.send(**body)["success"]
    for other in ({"message": "Other"}, {"media_url": "https://example.com/a.png"}, {"conversation_id": bid}):
        check_refused(through.send(**body | other), "idempotency_mismatch")
    # The number belongs to the sender, so the other participant can use it too.
    assert transport(influencer).send(**body)["success"]
    assert texts(brand, conversation) == ["Once", "Once"]


def test_a_foreign_conversation_looks_missing(
    transport: Transport, brand: Person, conversation: str, deployment: Any, meet: Any
) -> None:
    stranger, _ = meet(deployment)
    through = transport(stranger)
    answers = [
        through.send(conversation_id=target, message="Hi")
        for target in (conversation, str(uuid.uuid4()), "nonsense", "")
    ] + [through.read(target, 1) for target in (conversation, str(uuid.uuid4()), "nonsense")]
    for answer in answers:
        check_refused(answer, "not_found")
    assert len({answer["message"] for answer in answers}) == 1
    assert texts(brand, conversation) == []


def test_a_message_to_a_receiver_opens_one_conversation(
    transport: Transport, brand: Person, influencer: Person
) -> None:
    answers = [
        transport(sender).send(receiver_id=receiver.id, message="Hi")
        for sender, receiver in ((brand, influencer), (influencer, brand), (brand, influencer))
    ]
    assert len({answer["conversation_id"] for answer in answers}) == 1
    assert [answer["message"]["receiver_id"] for answer in answers] == [influencer.id, brand.id, influencer.id]


def test_a_receiver_must_be_the_other_participant_of_the_conversation(
    transport: Transport, brand: Person, influencer: Person, conversation: str
) -> None:
    through = transport(brand)
    assert through.send(conversation_id=conversation, receiver_id=influencer.id, message="Hi")["success"]
    refused = through.send(conversation_id=conversation, receiver_id=brand.id, message="Hi")
    check_refused(refused, "invalid", "receiver_id")
    assert texts(brand, conversation) == ["Hi"]


# Reading


def test_reading_moves_the_mark_forward_only(
    transport: Transport, brand: Person, influencer: Person, conversation: str
) -> None:
    said = [brand.says(conversation, f"message {number}") for number in range(3)]
    through = transport(influencer)
    assert through.read(conversation, said[0]["id"]) == read(2, 3)
    assert through.read(conversation, 4) == read(1, 4)
    assert through.read(conversation, said[0]["id"]) == read(1, 4)
    assert through.read(conversation, 2**31) == read(0, 5)
    assert transport(brand).read(conversation, 2**31)["unread_count"] == 0


def read(unread: int, up_to_seq: int) -> dict[str, Any]:
    return {"success": True, "unread_count": unread, "total_unread": unread, "up_to_seq": up_to_seq}


def test_an_invalid_read_mark_is_refused(transport: Transport, brand: Person, conversation: str) -> None:
    through = transport(brand)
    for up_to in (None, "nonsense", -1, 1.5, True, [], {}, str(uuid.UUID(int=7))):
        answer = through.read(conversation, up_to)
        assert (answer["success"], answer["code"]) == (False, "invalid"), up_to


# Actions


def test_an_action_sends_state_then_update_then_message(
    transport: Transport, brand: Person, influencer: Person, bid: str
) -> None:
    tabs = brand.tabs.joined(bid), influencer.tabs.joined(bid)
    answer = transport(influencer).act(bid, action="accept_connection", state_version=1)
    assert answer["success"], answer
    fits(answer["conversation"], CONTEXT)
    assert (answer["conversation"]["flow_state"], answer["conversation"]["state_version"]) == ("brand_owner_details", 2)
    step = ("conversation_state_changed", "conversation_updated", "new_message")
    for tab in tabs:
        shown = tab.expect("new_message")["message"]
        assert tab.names(*step) == list(step)
        changed = tab.expect("conversation_state_changed", reason="accept_connection")
        assert changed["previous_state"]["flow_state"] == "influencer_responding"
        assert changed["new_state"]["flow_state"] == tab.all("conversation_updated")[0]["flow_state"]
        assert (shown["message_type"], shown["id"]) == ("system", answer["message"]["id"])
    assert tabs[0].expect("notification")["data"]["message"]["id"] == answer["message"]["id"]


def test_the_same_click_again_changes_nothing(
    transport: Transport, brand: Person, influencer: Person, bid: str
) -> None:
    first = transport(influencer).act(bid, action="accept_connection", state_version=1)
    again = transport(influencer).act(bid, action="accept_connection", state_version=1)
    assert (first["success"], again["success"], again["repeated"]) == (True, True, True)
    assert again["conversation"]["state_version"] == 2
    assert len(texts(brand, bid)) == 2


def test_actions_are_refused_identically(
    transport: Transport, brand: Person, influencer: Person, bid: str, conversation: str
) -> None:
    ours, theirs = transport(brand), transport(influencer)
    check_refused(theirs.act(bid), "invalid", "action")
    check_refused(theirs.act(bid, action="no_such_action"), "unknown_action")
    check_refused(ours.act(bid, action="accept_connection"), "wrong_role")
    check_refused(theirs.act(str(uuid.uuid4()), action="accept_connection"), "not_found")
    for refused, code in (
        (theirs.act(bid, action="accept_project"), "wrong_state"),
        (theirs.act(bid, action="accept_connection", state_version=9), "stale_action"),
        (ours.act(conversation, action="accept_connection"), "wrong_state"),
    ):
        check_refused(refused, code)
        fits(refused["conversation"], CONTEXT)
        assert isinstance(refused["available_actions"], list)
    assert len(texts(brand, bid)) == 1


def test_a_closed_chat_rejects_text(transport: Transport, brand: Person, influencer: Person, bid: str) -> None:
    said = brand.says(bid, "Before")
    closed = transport(influencer).act(bid, action="reject_connection", data={"reason": "No time"})
    assert closed["conversation"]["chat_status"] == "closed"
    for person in (brand, influencer):
        check_refused(transport(person).send(conversation_id=bid, message="After"), "conversation_closed")
    check_refused(transport(influencer).act(bid, action="accept_connection"), "conversation_closed")
    assert transport(influencer).read(bid, said["id"])["success"]
    assert "After" not in texts(brand, bid)
