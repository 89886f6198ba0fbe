"""`GET /api/conversations/{id}/messages`, and the log at `…/events`."""

from typing import Any

import pytest

from conversations.models import Participant
from conversations.participant_removal import remove_participant
from foundation import clock
from notifications.models import Notification
from realtime import event_retention
from realtime.models import RoomEvent
from tests.api.messaging.test_sending import ABSENT
from tests.api.shapes import MESSAGE, refused, succeeded

COUNT = 7


@pytest.fixture
def chat(brand, influencer) -> str:
    return brand.opens_chat_with(influencer)


@pytest.fixture
def seqs(brand, influencer, chat) -> list[int]:
    """The `seq`s of seven messages from alternating senders. One message was edited, so the numbers have a gap."""
    found = []
    for number in range(COUNT):
        message = (brand, influencer)[number % 2].says(chat, f"text {number}")
        found.append(message["seq"])
        if number == 2:
            brand.api.patch(f"/api/messages/{message['id']}", {"message": "text 2!"})
    return found


@pytest.fixture
def page(brand, chat):
    """Return the `seq`s of a page, its `previous` and its `next`."""

    def read(**params: Any) -> tuple[list[int], str | None, str | None]:
        answer = brand.api.get(f"/api/conversations/{chat}/messages", params)
        body = succeeded(answer, "results", "next", "previous")
        assert all(message.keys() == MESSAGE for message in body["results"])
        return [message["seq"] for message in body["results"]], body["previous"], body["next"]

    return read


def test_an_empty_conversation(page):
    assert page() == ([], None, None)
    assert page(before=5) == ([], None, None)
    assert page(around=5) == ([], None, None)


def test_the_whole_history_oldest_first(page, seqs):
    assert page() == (seqs, None, None)
    assert page(limit=200) == (seqs, None, None)
    assert page(limit=COUNT) == (seqs, None, None)
    assert seqs[3] == seqs[2] + 2, "the number between them belongs to the edit"


def test_paging_from_the_newest_page_to_older_ones(page, seqs):
    found, older, newer = page(limit=3)
    assert (found, newer) == (seqs[4:], None)
    found, oldest, newer = page(limit=3, cursor=older)
    assert found == seqs[1:4]
    assert page(limit=3, cursor=newer)[0] == seqs[4:]
    found, nothing, newer = page(limit=3, cursor=oldest)
    assert (found, nothing) == (seqs[:1], None)
    assert page(limit=3, cursor=newer)[0] == seqs[1:4]


def test_paging_with_after_to_newer_messages(page, seqs):
    found, older, newer = page(after=seqs[1], limit=2)
    assert found == seqs[2:4]
    assert page(cursor=older)[0] == seqs[:2]
    found, _, newer = page(cursor=newer, limit=2)
    assert found == seqs[4:6]
    found, _, newer = page(cursor=newer, limit=2)
    assert (found, newer) == (seqs[6:], None)


def test_before_and_after_exclude_the_given_message(page, seqs):
    assert page(before=seqs[3])[0] == seqs[:3]
    assert page(after=seqs[3])[0] == seqs[4:]
    assert page(before=seqs[0])[0] == []
    assert page(after=seqs[-1])[0] == []
    assert page(after=0) == (seqs, None, None)
    assert page(before=2**63 - 1)[0] == seqs
    assert page(after=2**63 - 1)[0] == []


def test_before_returns_the_nearest_messages(page, seqs):
    found, older, newer = page(before=seqs[5], limit=2)
    assert found == seqs[3:5]
    assert page(cursor=older)[0] == seqs[:3]
    assert page(cursor=newer)[0] == seqs[5:]


def test_around_returns_messages_before_and_after(page, seqs):
    found, older, newer = page(around=seqs[3], limit=4)
    assert found == seqs[1:5]
    assert page(cursor=older)[0] == seqs[:1]
    assert page(cursor=newer)[0] == seqs[5:]
    assert page(around=seqs[3], limit=1)[0] == [seqs[3]]
    assert page(around=seqs[2] + 1, limit=2)[0] == [seqs[2], seqs[3]], "no message has this number"
    assert page(around=seqs[3]) == (seqs, None, None)


@pytest.mark.parametrize("around", [0, 2**63 - 1])
def test_around_the_first_and_last_message(page, seqs, around):
    found, older, newer = page(around=around, limit=4)
    assert found == (seqs[:2] if around == 0 else seqs[-2:])
    assert (older is None, newer is None) == (around == 0, around != 0)


def test_paging_returns_each_message_once_while_more_arrive(brand, page, chat, seqs):
    found, cursor, _ = page(limit=2)
    walked = [found]
    while cursor:
        brand.says(chat, "meanwhile")
        found, cursor, _ = page(limit=2, cursor=cursor)
        walked.append(found)
    assert [seq for found in reversed(walked) for seq in found] == seqs


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "201"}, "limit"),
        ({"limit": "-1"}, "limit"),
        ({"limit": "ten"}, "limit"),
        ({"limit": "1.5"}, "limit"),
        ({"limit": ""}, "limit"),
        ({"limit": "٣"}, "limit"),
        ({"limit": "9" * 40}, "limit"),
        ({"before": "x"}, "before"),
        ({"before": "-1"}, "before"),
        ({"after": "1e3"}, "after"),
        ({"after": str(2**63)}, "after"),
        ({"after": "0" * 25 + "9" * 25}, "after"),
        ({"around": "null"}, "around"),
        ({"around": ""}, "around"),
    ],
)
def test_bad_numbers(brand, chat, params, field):
    refused(brand.api.get(f"/api/conversations/{chat}/messages", params), 400, "invalid", field)


def test_only_one_position_can_be_given(brand, chat, page, seqs):
    for params in ({"before": 1, "after": 1}, {"around": 1, "after": 1}, {"cursor": page(limit=1)[1], "before": 3}):
        refused(brand.api.get(f"/api/conversations/{chat}/messages", params), 400, "invalid")


def test_reading_has_no_side_effect(brand, influencer, chat, page, seqs):
    def standing() -> Any:
        places = list(Participant.objects.order_by("pk").values())
        return places, RoomEvent.objects.count(), list(Notification.objects.order_by("pk").values())

    before = standing()
    for path in ("", "/messages", "/events"):
        influencer.reads(f"/api/conversations/{chat}{path}")
    influencer.reads("/api/conversations")
    assert standing() == before


# --- The log ---


def test_the_log_has_every_event_in_order(brand, influencer, chat, seqs):
    body = succeeded(influencer.api.get(f"/api/conversations/{chat}/events"), "results", "reset")
    assert body["reset"] is False
    assert [event["seq"] for event in body["results"]] == list(range(1, seqs[-1] + 1))
    assert all(event.keys() == {"seq", "event", "data"} for event in body["results"])
    assert all(event["data"]["seq"] == event["seq"] for event in body["results"])
    names = [event["event"] for event in body["results"]]
    assert names[:3] == ["conversation_state_changed", "conversation_updated", "new_message"]
    assert names.count("message_updated") == 1
    assert brand.sees(chat)["seq"] == seqs[-1]


def test_the_log_in_pages(brand, chat, seqs):
    path, after, found = f"/api/conversations/{chat}/events", 0, []
    while results := brand.reads(path, after=after, limit=4)["results"]:
        assert len(results) <= 4
        found += [event["seq"] for event in results]
        after = found[-1]
    assert found == list(range(1, seqs[-1] + 1))


def test_a_log_that_does_not_reach_back_says_reset(brand, chat, seqs):
    path = f"/api/conversations/{chat}/events"
    beyond = brand.reads(path, after=seqs[-1] + 1)
    assert (beyond["results"], beyond["reset"]) == ([], True)
    end = brand.reads(path, after=seqs[-1])
    assert (end["results"], end["reset"]) == ([], False)
    event_retention.trim(clock.now())
    assert brand.reads(path, after=seqs[-1])["reset"] is False
    assert brand.reads(path, after=seqs[-1] - 1) == {"success": True, "results": [], "reset": True}
    assert brand.reads(path)["reset"] is True


@pytest.mark.parametrize("params", [{"after": "x"}, {"after": "-1"}, {"limit": "0"}, {"limit": "201"}])
def test_bad_numbers_for_the_log(brand, chat, params):
    refused(brand.api.get(f"/api/conversations/{chat}/events", params), 400, "invalid", *params)


@pytest.mark.parametrize("what", ["messages", "events"])
def test_strangers_get_404(brand, influencer, stranger, chat, seqs, what):
    foreign = refused(stranger.api.get(f"/api/conversations/{chat}/{what}"), 404, "not_found")
    assert foreign == refused(stranger.api.get(f"/api/conversations/{ABSENT}/{what}"), 404, "not_found")
    refused(stranger.api.get(f"/api/conversations/no-id/{what}"), 404, "not_found")
    remove_participant(conversation_id=Participant.objects.first().conversation_id, user_id=influencer.pk)
    refused(influencer.api.get(f"/api/conversations/{chat}/{what}"), 404, "not_found")
