"""`POST /api/conversations`."""

import threading

import pytest
from django.db import connection

from accounts.models import SYSTEM_USER_ID
from conversations import flows
from conversations.models import Conversation, Participant, Transition
from deals.models import Deal
from messaging.models import Message
from realtime.models import RoomEvent
from tests.api.messaging.test_sending import ABSENT, NO_IDS
from tests.api.shapes import CONVERSATION, is_time, is_uuid7, refused, succeeded
from tests.factories import make_user
from tests.harness.people import Person
from tests.people import person

STATE = {"chat_status", "flow_state", "awaiting_role"}


def nothing_was_opened() -> bool:
    return not any(model.objects.exists() for model in (Conversation, Participant, Transition, Message, RoomEvent))


@pytest.fixture
def other_brand(db) -> Person:
    return person(make_user("brand_owner"))


def opening(by: Person, **given):
    return by.api.post("/api/conversations", given)


# --- Direct ---


def test_a_direct_conversation_has_every_member(brand, influencer):
    body = succeeded(opening(brand, conversation_type="direct", user_id=influencer.id), "conversation", status=201)
    conversation = body["conversation"]
    assert conversation.keys() == CONVERSATION
    assert is_uuid7(conversation["id"])
    assert is_time(conversation["created_at"])
    assert is_time(conversation["updated_at"])
    expected = {
        "conversation_type": "direct",
        "chat_status": "real_time",
        "flow_state": "real_time",
        "awaiting_role": None,
        "automation_enabled": False,
        "current_action_data": None,
        "state_version": 1,
        "due_at": None,
        "title": "",
        "source_id": None,
        "currency": "INR",
        "brand_owner": None,
        "influencer": None,
        "other_user": {
            "id": influencer.id,
            "name": "Mira",
            "role": "influencer",
            "online": False,
            "last_seen": None,
        },
        "my_role": "participant",
        "last_message": None,
        "unread_count": 0,
        "seq": 2,
        "available_actions": [],
    }
    assert {key: conversation[key] for key in expected} == expected
    assert brand.sees(conversation["id"]) == conversation


@pytest.mark.parametrize("key", ["user_id", "influencer_id", "userId", "influencerId"])
def test_the_other_participant_can_be_named_by_any_key(brand, influencer, key):
    assert opening(brand, conversation_type="direct", **{key: influencer.id}).status_code == 201


def test_naming_oneself_as_well_is_allowed(brand, influencer):
    both = {"brand_owner_id": brand.id, "influencer_id": influencer.id}
    assert opening(brand, conversation_type="direct", **both).status_code == 201
    assert opening(influencer, conversation_type="direct", **both).status_code == 200


def test_a_pair_has_one_direct_conversation_whoever_starts(brand, influencer, stranger):
    first = opening(brand, conversation_type="direct", user_id=influencer.id)
    again = opening(brand, conversation_type="direct", user_id=influencer.id, message="Hello")
    back = opening(influencer, conversation_type="direct", user_id=brand.id, title="Ours")
    other = opening(influencer, conversation_type="direct", user_id=stranger.id)
    assert [one.status_code for one in (first, again, back, other)] == [201, 200, 200, 201]
    ids = [one.json()["conversation"]["id"] for one in (first, again, back, other)]
    assert len(set(ids[:3])) == 1
    assert len(set(ids)) == 2
    assert not Message.objects.exists(), "the existing conversation is returned"
    assert back.json()["conversation"]["other_user"]["id"] == brand.id


def test_anybody_can_open_a_direct_conversation_with_anybody(brand, other_brand, influencer, stranger, operator):
    for one, other in ((brand, other_brand), (influencer, stranger), (influencer, brand), (operator, influencer)):
        assert opening(one, conversation_type="direct", user_id=other.id).status_code == 201


def test_a_conversation_with_oneself_is_refused(brand):
    for given in ({"user_id": brand.id}, {"brand_owner_id": brand.id}, {"user_id": brand.id.upper()}, {}):
        refused(opening(brand, conversation_type="direct", **given), 400, "invalid", "user_id")
    assert nothing_was_opened()


def test_a_direct_conversation_with_two_users_is_refused(brand, influencer, stranger):
    both = {"user_id": influencer.id, "influencer_id": stranger.id}
    refused(opening(brand, conversation_type="direct", **both), 400, "invalid", "user_id")
    assert nothing_was_opened()


@pytest.mark.parametrize("identifier", [ABSENT, str(SYSTEM_USER_ID), *NO_IDS])
@pytest.mark.parametrize(("kind", "key"), [("direct", "user_id"), ("bid", "influencer_id")])
def test_a_direct_conversation_with_an_unknown_user_is_refused(brand, kind, key, identifier):
    refused(opening(brand, conversation_type=kind, **{key: identifier}), 404, "not_found")
    assert nothing_was_opened()


# --- Bids and campaigns ---


@pytest.mark.parametrize("kind", ["bid", "campaign"])
def test_a_deal_has_every_member(brand, influencer, kind):
    answer = opening(
        brand,
        conversation_type=kind,
        influencer_id=influencer.id,
        title="Diwali box",
        source_id="order 7",
        proposed_amount="18000",
        message="Three reels",
    )
    conversation = succeeded(answer, "conversation", status=201)["conversation"]
    assert conversation.keys() == CONVERSATION
    expected = {
        "conversation_type": kind,
        "chat_status": "automated",
        "flow_state": "influencer_responding",
        "awaiting_role": "influencer",
        "automation_enabled": True,
        "state_version": 1,
        "title": "Diwali box",
        "source_id": "order 7",
        "currency": "INR",
        "brand_owner": {"id": brand.id, "name": "Anaya", "role": "brand_owner"},
        "influencer": {"id": influencer.id, "name": "Mira", "role": "influencer"},
        "my_role": "brand_owner",
        "unread_count": 0,
        "seq": 4,
    }
    assert {key: conversation[key] for key in expected} == expected
    assert [one["action"] for one in conversation["available_actions"]] == ["withdraw_request"]
    assert is_time(conversation["due_at"])
    assert conversation["current_action_data"]["role"] == "influencer"
    assert conversation["last_message"]["message"] == "Three reels"
    seen = influencer.sees(conversation["id"])
    assert (seen["my_role"], seen["unread_count"]) == ("influencer", 2)
    assert seen["other_user"]["id"] == brand.id
    assert [action["action"] for action in seen["available_actions"]] == ["accept_connection", "reject_connection"]
    assert {action["state_version"] for action in seen["available_actions"]} == {1}


def test_the_prompt_precedes_the_text_of_the_opening(brand, influencer):
    bid = brand.opens_bid_with(influencer, message="Three reels", proposed_amount=18000)
    prompt, text = influencer.reads(f"/api/conversations/{bid}/messages")["results"]
    assert (prompt["message_type"], prompt["is_automated"], prompt["action_required"]) == ("system", True, True)
    assert (prompt["sender_id"], prompt["receiver_id"]) == (brand.id, influencer.id)
    assert "18000" in prompt["message"].replace(",", "")
    assert [button["id"] for button in prompt["action_data"]["buttons"]] == ["accept_connection", "reject_connection"]
    assert "completed" not in prompt["action_data"]
    assert (text["message"], text["message_type"]) == ("Three reels", "user_input")
    assert (text["sender_id"], text["receiver_id"], text["action_data"]) == (brand.id, influencer.id, None)


@pytest.fixture
def guided():
    """Settings under which users cannot write texts while the flow leads the conversation."""
    flows.configure({"deal": {"text_while_automated": False}})
    yield
    flows.configure({})


def test_an_opening_with_text_is_refused_if_text_is_forbidden(guided, brand, influencer):
    given = {"conversation_type": "bid", "influencer_id": influencer.id}
    answer = brand.api.post("/api/conversations", given | {"message": "Three reels"})
    refused(answer, 400, "invalid", "message")
    assert nothing_was_opened()
    assert brand.opens(**given)["seq"] == 3


@pytest.mark.parametrize("kind", ["direct", "bid", "campaign"])
def test_the_first_event_of_a_conversation_is_its_state(brand, influencer, kind):
    opened = brand.opens(conversation_type=kind, influencer_id=influencer.id)
    changed, updated, *rest = brand.reads(f"/api/conversations/{opened['id']}/events")["results"]
    assert (changed["seq"], changed["event"]) == (1, "conversation_state_changed")
    assert changed["data"].keys() == {
        "seq",
        "conversation_id",
        "previous_state",
        "new_state",
        "reason",
        "summary",
        "timestamp",
    }
    assert changed["data"]["previous_state"] is None
    assert changed["data"]["new_state"] == {key: opened[key] for key in STATE}
    assert changed["data"]["reason"] == "conversation_opened"
    summary = "The conversation was opened" if kind == "direct" else f"{brand.name} made the request"
    assert changed["data"]["summary"] == summary
    assert (updated["seq"], updated["event"]) == (2, "conversation_updated")
    assert updated["data"]["conversation_context"]["state_version"] == 1
    assert updated["data"]["stage"] == opened["stage"]
    assert [event["event"] for event in rest] == ([] if kind == "direct" else ["new_message"])


def test_a_source_id_and_pair_have_one_conversation(brand, other_brand, influencer, stranger):
    given = {"conversation_type": "bid", "influencer_id": influencer.id, "source_id": "order 7"}
    first, again = opening(brand, **given), opening(brand, **given | {"title": "Other", "message": "Again"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert Message.objects.count() == 1
    for by, other in (
        (brand, {"source_id": "order 8"}),
        (brand, {"influencer_id": stranger.id}),
        (other_brand, {}),
    ):
        assert opening(by, **given | other).status_code == 201


def test_without_a_source_id_each_opening_creates_a_conversation(brand, influencer):
    assert brand.opens_bid_with(influencer) != brand.opens_bid_with(influencer)


@pytest.mark.parametrize("kind", ["bid", "campaign"])
def test_only_a_brand_owner_opens_a_deal_and_with_an_influencer(brand, other_brand, influencer, stranger, kind):
    for by, other in ((influencer, brand), (influencer, stranger), (brand, other_brand)):
        refused(opening(by, conversation_type=kind, user_id=other.id), 403, "forbidden")
    assert nothing_was_opened()


def test_a_deal_needs_an_influencer(brand):
    for given in ({}, {"influencer_id": brand.id}):
        refused(opening(brand, conversation_type="bid", **given), 400, "invalid", "influencer_id")
    assert nothing_was_opened()


@pytest.mark.parametrize("amount", ["1", "18000", "18000.5", "0.01", "99999999.99", 18000, 0.5, 99999999.99])
def test_proposed_amounts(brand, influencer, amount):
    assert brand.opens_bid_with(influencer, proposed_amount=amount)


@pytest.mark.parametrize(
    "amount",
    [0, -1, "-1", "+1", "0", "0.00", "1.001", 1.001, "1e3", 1e30, " 1", "1 000", "1,000", "", "ten", "٣", "100000000",
     100000000, True, [], {}, "NaN", "9" * 400],
)  # fmt: skip
def test_invalid_amounts(brand, influencer, amount):
    answer = opening(brand, conversation_type="bid", influencer_id=influencer.id, proposed_amount=amount)
    refused(answer, 400, "invalid", "proposed_amount")
    assert nothing_was_opened()


def test_a_proposed_amount_is_not_in_the_conversation_or_prompt(brand, influencer):
    conversation = brand.opens(conversation_type="bid", influencer_id=influencer.id, proposed_amount="18000")
    assert "proposed_amount" not in conversation
    assert "18000" not in str(conversation["current_action_data"])


def test_the_decimals_of_an_amount_are_those_of_its_currency(brand, influencer):
    given = {"conversation_type": "bid", "influencer_id": influencer.id}
    assert brand.opens(**given, currency="JPY", proposed_amount="500")["currency"] == "JPY"
    assert brand.opens(**given, currency="BHD", proposed_amount="0.125")["currency"] == "BHD"
    refused(opening(brand, **given, currency="JPY", proposed_amount="500.5"), 400, "invalid", "proposed_amount")


@pytest.mark.parametrize("currency", ["", "inr", "EURO", "ZZZ", "XAU", 5, ["INR"]])
def test_invalid_currencies(brand, influencer, currency):
    answer = opening(brand, conversation_type="bid", influencer_id=influencer.id, currency=currency)
    refused(answer, 400, "invalid", "currency")
    assert nothing_was_opened()


def test_titles_and_source_ids_are_texts(brand, influencer):
    opened = brand.opens(
        conversation_type="bid", influencer_id=influencer.id, title=" A box ", source_id="ø:/?#", message=" Hi "
    )
    assert (opened["title"], opened["source_id"]) == ("A box", "ø:/?#")
    assert opened["last_message"]["message"] == "Hi"
    assert brand.opens(conversation_type="bid", influencer_id=influencer.id, source_id="😀" * 100)["source_id"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": "a\x00b"}, "title"),
        ({"title": 5}, "title"),
        ({"source_id": "x" * 101}, "source_id"),
        ({"source_id": " "}, "source_id"),
        ({"source_id": 7}, "source_id"),
        ({"message": "\u200b"}, "message"),
        ({"conversation_type": "chat"}, "conversation_type"),
        ({"conversation_type": "a\x00"}, "conversation_type"),
        ({"conversation_type": None}, "conversation_type"),
        ({"influencer_id": 5}, "influencer_id"),
    ],
)
def test_bad_members(brand, influencer, given, field):
    whole = {"conversation_type": "bid", "influencer_id": influencer.id} | given
    refused(opening(brand, **whole), 400, "invalid", field)
    assert nothing_was_opened()


def test_fields_that_clients_cannot_set_are_ignored(brand, influencer):
    opened = brand.opens(
        conversation_type="bid",
        influencer_id=influencer.id,
        chat_status="real_time",
        flow_state="payment_completed",
        awaiting_role=None,
        state_version=9,
        my_role="operator",
        id=ABSENT,
    )
    assert (opened["flow_state"], opened["chat_status"], opened["state_version"]) == (
        "influencer_responding",
        "automated",
        1,
    )
    assert opened["id"] != ABSENT


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["direct", "bid"])
def test_concurrent_openings_create_one_conversation(brand, influencer, kind):
    sides = [(brand, influencer), (influencer, brand)] if kind == "direct" else [(brand, influencer)]
    copies = 6
    barrier, answers = threading.Barrier(copies), []

    def open_one(by: Person, other: Person) -> None:
        try:
            barrier.wait(10)
            answers.append(opening(by, conversation_type=kind, user_id=other.id, source_id="order 7", message="Hi"))
        finally:
            connection.close()

    threads = [threading.Thread(target=open_one, args=sides[number % len(sides)]) for number in range(copies)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(answer.status_code for answer in answers) == [200] * (copies - 1) + [201]
    assert len({answer.json()["conversation"]["id"] for answer in answers}) == 1
    assert (Conversation.objects.count(), Participant.objects.count(), Transition.objects.count()) == (1, 2, 1)
    assert Deal.objects.count() == (kind == "bid")
    assert Message.objects.filter(message_type="user_input").count() == 1
