"""Lists of conversations, one conversation, read marks and unread counts."""

from datetime import timedelta
from typing import Any

import pytest

from conversations.models import Conversation, ConversationView, Participant
from conversations.participant_removal import remove_participant
from foundation import clock
from messaging.models import Message
from messaging.system_messages import post_system_message
from tests.api.messaging.test_sending import ABSENT, NO_IDS
from tests.api.shapes import CONVERSATION, is_time, refused, succeeded
from tests.factories import make_user
from tests.harness.people import Person
from tests.people import person

CONVERSATIONS = "/api/conversations"


@pytest.fixture
def chat(brand, influencer) -> str:
    return brand.opens_chat_with(influencer)


@pytest.fixture
def chats(brand) -> list[str]:
    """Five conversations of the brand owner, newest activity first."""
    opened = []
    for minutes in range(5):
        with clock.moved(timedelta(minutes=minutes)):
            opened.append(brand.opens_bid_with(person(make_user("influencer")), title=f"Box {minutes}"))
    return opened[::-1]


def listed(by: Person, **params: Any) -> list[str]:
    return [one["id"] for one in by.reads(CONVERSATIONS, **params)["results"]]


# --- The list ---


def test_the_list_has_the_same_form_as_single_conversations(brand, influencer, chat):
    influencer.says(chat, "Hello")
    brand.opens_bid_with(influencer, message="Three reels")
    for one in (brand, influencer):
        body = succeeded(one.api.get(CONVERSATIONS), "results", "next", "previous")
        assert (body["next"], body["previous"]) == (None, None)
        assert [shown.keys() for shown in body["results"]] == [CONVERSATION] * 2
        assert body["results"] == [one.sees(shown["id"]) for shown in body["results"]]


def test_the_list_contains_only_the_users_conversations(brand, influencer, stranger, operator, chat):
    assert (listed(brand), listed(influencer)) == ([chat], [chat])
    assert (listed(stranger), listed(operator)) == ([], [])


def test_newest_activity_first(brand, influencer, chats):
    assert listed(brand) == chats
    with clock.moved(timedelta(minutes=10)):
        brand.says(chats[3])
    assert listed(brand) == [chats[3], *chats[:3], chats[4]]
    newest = brand.sees(chats[3])
    assert newest["updated_at"] >= newest["last_message"]["created_at"]


def test_the_list_in_pages_both_ways(brand, chats):
    first = brand.reads(CONVERSATIONS, limit=2)
    assert ([one["id"] for one in first["results"]], first["previous"]) == (chats[:2], None)
    second = brand.reads(CONVERSATIONS, limit=2, cursor=first["next"])
    assert [one["id"] for one in second["results"]] == chats[2:4]
    third = brand.reads(CONVERSATIONS, limit=2, cursor=second["next"])
    assert ([one["id"] for one in third["results"]], third["next"]) == (chats[4:], None)
    assert listed(brand, limit=2, cursor=third["previous"]) == chats[2:4]
    back = brand.reads(CONVERSATIONS, limit=2, cursor=second["previous"])
    assert ([one["id"] for one in back["results"]], back["previous"]) == (chats[:2], None)
    assert brand.reads(CONVERSATIONS, limit=5)["next"] is None


def test_paging_returns_conversations_with_equal_times_once(brand, chats):
    Participant.objects.update(last_activity_at=clock.now())
    cursor, met = None, []
    while True:
        page = brand.reads(CONVERSATIONS, limit=1, **({"cursor": cursor} if cursor else {}))
        met += [one["id"] for one in page["results"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert sorted(met) == sorted(chats)


def test_filters(brand, influencer, chat):
    bid, campaign = brand.opens_bid_with(influencer), None
    campaign = brand.opens(conversation_type="campaign", influencer_id=influencer.id)["id"]
    brand.says(chat)
    assert set(listed(brand)) == {chat, bid, campaign}
    assert [listed(brand, type=kind) for kind in ("direct", "bid", "campaign")] == [[chat], [bid], [campaign]]
    assert set(listed(influencer, awaiting="me")) == {bid, campaign}
    assert listed(brand, awaiting="me") == []
    assert set(listed(influencer, unread="true")) == {chat, bid, campaign}
    assert listed(brand, unread="true") == []
    assert set(listed(brand, unread="false")) == {chat, bid, campaign}
    influencer.api.post(f"{CONVERSATIONS}/{bid}/read", {"up_to": 99})
    assert listed(influencer, unread="true", awaiting="me") == [campaign]
    assert listed(influencer, unread="false", type="bid") == [bid]


def test_search_by_title_and_by_the_other_participant(brand, influencer, chat):
    box = brand.opens_bid_with(influencer, title="Diwali BOX")
    assert listed(brand, search="diwali") == [box]
    assert set(listed(brand, search="mir")) == {box, chat}
    assert listed(brand, search="Anaya") == [], "one's own name matches every conversation"
    assert set(listed(influencer, search="Anaya")) == {box, chat}
    assert listed(brand, search="%") == []


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "201"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"awaiting": "you"}, "awaiting"),
        ({"awaiting": ""}, "awaiting"),
        ({"unread": "1"}, "unread"),
        ({"cursor": ""}, "cursor"),
        ({"cursor": "x"}, "cursor"),
        ({"cursor": "x.y"}, "cursor"),
        ({"cursor": "\x00"}, "cursor"),
        ({"type": "a\x00"}, "type"),
        ({"search": "a\x00"}, "search"),
    ],
)
def test_bad_parameters(brand, chats, params, field):
    refused(brand.api.get(CONVERSATIONS, params), 400, "invalid", field)


def test_the_cursor_of_another_list(brand, influencer, chats):
    of_conversations = brand.reads(CONVERSATIONS, limit=1)["next"]
    for _ in range(2):
        brand.says(chats[0])
    of_messages = brand.reads(f"{CONVERSATIONS}/{chats[0]}/messages", limit=1)["previous"]
    assert of_conversations
    assert of_messages
    refused(brand.api.get(CONVERSATIONS, {"cursor": of_messages}), 400, "invalid", "cursor")
    path = f"{CONVERSATIONS}/{chats[0]}/messages"
    refused(brand.api.get(path, {"cursor": of_conversations}), 400, "invalid", "cursor")
    refused(brand.api.get(path, {"cursor": of_messages[:-1]}), 400, "invalid", "cursor")


def test_a_removed_participant_loses_access(brand, influencer, chat):
    brand.says(chat)
    remove_participant(conversation_id=Conversation.objects.get().pk, user_id=influencer.pk)
    assert listed(influencer) == []
    refused(influencer.api.get(f"{CONVERSATIONS}/{chat}"), 404, "not_found")
    refused(influencer.api.post(f"{CONVERSATIONS}/{chat}/read", {"up_to": 1}), 404, "not_found")
    assert listed(brand) == [chat]


# --- One conversation ---


def test_a_foreign_conversation_looks_missing(stranger, chat):
    foreign, absent = (refused(stranger.api.get(f"{CONVERSATIONS}/{one}"), 404, "not_found") for one in (chat, ABSENT))
    assert foreign == absent


@pytest.mark.parametrize("identifier", [one for one in NO_IDS if one and "\x00" not in one])
def test_an_invalid_id_counts_as_unknown(brand, identifier):
    for path in ("", "/messages", "/events"):
        refused(brand.api.get(f"{CONVERSATIONS}/{identifier}{path}"), 404, "not_found")
    refused(brand.api.post(f"{CONVERSATIONS}/{identifier}/read", {"up_to": 1}), 404, "not_found")
    refused(brand.api.post(f"{CONVERSATIONS}/{identifier}/messages", {"message": "Hello"}), 404, "not_found")


def test_an_id_is_case_insensitive(brand, chat):
    assert brand.sees(chat.upper())["id"] == chat


def test_staff_view_conversations_as_operators_and_this_is_recorded(operator, brand, influencer, chat):
    brand.says(chat)
    seen = operator.sees(chat)
    assert (seen["my_role"], seen["other_user"], seen["unread_count"]) == ("operator", None, 0)
    assert seen["available_actions"] == []
    operator.reads(f"{CONVERSATIONS}/{chat}/messages")
    operator.reads(f"{CONVERSATIONS}/{chat}/events")
    message = brand.says(chat)["id"]
    operator.reads(f"/api/messages/{message}")
    views = ConversationView.objects.values_list("viewer_id", "conversation_id", "through")
    assert {(str(viewer), str(conversation), through) for viewer, conversation, through in views} == {
        (operator.id, chat, "rest")
    }
    assert [view.subject for view in ConversationView.objects.order_by("pk")] == ["", "", "", message]
    for one in (brand, influencer):
        one.sees(chat)
        one.reads(f"/api/messages/{message}")
    assert ConversationView.objects.count() == 4, "reading one's own conversation is not recorded as an operator's view"


def test_staff_cannot_move_read_marks(operator, chat):
    refused(operator.api.post(f"{CONVERSATIONS}/{chat}/read", {"up_to": 1}), 403, "forbidden")


# --- Read marks ---


@pytest.fixture
def texts(brand, chat) -> list[dict[str, Any]]:
    return [brand.says(chat, f"text {number}") for number in range(4)]


@pytest.fixture
def mark(influencer, chat):
    def mark(up_to: Any) -> dict[str, Any]:
        answer = influencer.api.post(f"{CONVERSATIONS}/{chat}/read", {"up_to": up_to})
        return succeeded(answer, "unread_count", "total_unread", "up_to_seq")

    return mark


def reads(by: Person, chat: str) -> list[dict[str, Any]]:
    logged = by.reads(f"{CONVERSATIONS}/{chat}/events")["results"]
    return [event["data"] for event in logged if event["event"] == "messages_read"]


@pytest.mark.parametrize("by", ["id", "seq"])
def test_reading_moves_the_mark_and_publishes_it(brand, influencer, chat, texts, mark, by):
    assert influencer.sees(chat)["unread_count"] == 4
    read = mark(texts[1][by])
    assert read == {"success": True, "unread_count": 2, "total_unread": 2, "up_to_seq": texts[1]["seq"]}
    assert influencer.sees(chat)["unread_count"] == 2
    told = reads(brand, chat)
    assert len(told) == 1
    assert told[0].keys() == {"seq", "conversation_id", "user_id", "up_to_seq", "read_at"}
    assert is_time(told[0]["read_at"])
    assert (told[0]["user_id"], told[0]["up_to_seq"]) == (influencer.id, texts[1]["seq"])
    shown = brand.reads(f"{CONVERSATIONS}/{chat}/messages")["results"]
    assert [message["read_at"] for message in shown] == [told[0]["read_at"]] * 2 + [None] * 2


def test_the_mark_does_not_move_back(brand, influencer, chat, texts, mark):
    mark(texts[2]["id"])
    for earlier in (texts[0]["id"], texts[1]["seq"], texts[2]["id"], 0):
        assert mark(earlier)["up_to_seq"] == texts[2]["seq"]
    assert influencer.sees(chat)["unread_count"] == 1
    assert len(reads(brand, chat)) == 1


@pytest.mark.parametrize("end", [10**6, 2**63 - 1])
def test_a_mark_beyond_the_end_reads_everything(brand, chat, texts, mark, end):
    assert mark(end) == {"success": True, "unread_count": 0, "total_unread": 0, "up_to_seq": texts[-1]["seq"]}
    assert brand.says(chat)["seq"] > texts[-1]["seq"]
    assert mark(0)["unread_count"] == 1, "the later message is still unread"


def test_a_mark_between_messages_reads_the_message_before_it(brand, chat, texts, mark):
    brand.api.patch(f"/api/messages/{texts[0]['id']}", {"message": "edited"})
    between = texts[-1]["seq"] + 1
    later = brand.says(chat)
    assert later["seq"] == between + 1
    assert mark(between)["up_to_seq"] == texts[-1]["seq"]


def test_a_foreign_or_unknown_message_id_is_invalid(brand, influencer, stranger, chat, texts):
    foreign = brand.says(brand.opens_chat_with(stranger))
    for up_to in (foreign["id"], ABSENT, *NO_IDS):
        answer = influencer.api.post(f"{CONVERSATIONS}/{chat}/read", {"up_to": up_to})
        refused(answer, 400, "invalid", "up_to")
    assert influencer.sees(chat)["unread_count"] == 4


@pytest.mark.parametrize("up_to", [None, -1, 1.5, 2**63, True, [], {}, "5"])
def test_invalid_read_marks(influencer, chat, texts, up_to):
    refused(influencer.api.post(f"{CONVERSATIONS}/{chat}/read", {"up_to": up_to}), 400, "invalid", "up_to")


def test_a_read_mark_is_required(influencer, chat):
    refused(influencer.api.post(f"{CONVERSATIONS}/{chat}/read", {}), 400, "invalid", "up_to")
    assert influencer.api.post(f"{CONVERSATIONS}/{chat}/read", {"upTo": 5}).status_code == 200


def test_other_users_cannot_move_a_mark(stranger, chat, texts):
    refused(stranger.api.post(f"{CONVERSATIONS}/{chat}/read", {"up_to": texts[0]["id"]}), 404, "not_found")


def test_an_empty_conversation_is_read(mark):
    assert mark(5) == {"success": True, "unread_count": 0, "total_unread": 0, "up_to_seq": 0}


def test_a_closed_chat_can_be_read(chat, texts, mark):
    Conversation.objects.update(chat_status="closed", flow_state="chat_closed", flow_name="deal")
    assert mark(99)["unread_count"] == 0


# --- Unread ---


def test_sending_does_not_move_the_mark_and_own_messages_are_not_unread(brand, influencer, chat):
    brand.says(chat)
    influencer.says(chat)
    assert (brand.sees(chat)["unread_count"], influencer.sees(chat)["unread_count"]) == (1, 1)


def test_the_total_counts_all_conversations(brand, influencer, chat, mark):
    bid = brand.opens_bid_with(influencer, message="Hello")
    text = brand.says(chat)
    assert influencer.sees(bid)["unread_count"] == 2
    assert mark(text["id"]) == {"success": True, "unread_count": 0, "total_unread": 2, "up_to_seq": text["seq"]}


def test_system_messages_are_unread_for_both(brand, influencer, chat):
    post_system_message(conversation_id=Conversation.objects.get().pk, text="Maintenance")
    assert (brand.sees(chat)["unread_count"], influencer.sees(chat)["unread_count"]) == (1, 1)


def test_reading_marks_only_messages_to_the_reader(brand, influencer, chat, mark):
    own, other = influencer.says(chat), brand.says(chat)
    mark(other["id"])
    assert Message.objects.get(pk=own["id"]).read_at is None
    assert Message.objects.get(pk=other["id"]).read_at is not None
