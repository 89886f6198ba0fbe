"""Lost connections. The guide's client joins once and never again, so the server must restore its rooms."""

from typing import Any

import pytest

from tests.acceptance.browser import Tab
from tests.acceptance.deployments import Deployment
from tests.harness.people import Person


def texts(tab: Tab) -> list[str]:
    return [event["message"]["message"] for event in tab.all("new_message")]


@pytest.mark.parametrize("transports", [["websocket", "polling"], ["polling"], ["polling", "websocket"]])
def test_a_dropped_connection_recovers_missed_events(
    transports: list[str], brand: Person, influencer: Person, conversation: str
) -> None:
    tab = influencer.tabs.tab()
    tab.do("open", {"auth": {"token": influencer.access}, "transports": transports})
    tab.expect("connect")
    tab.emit("join_conversation", {"conversationId": conversation})
    tab.ask("join", influencer.id)
    brand.says(conversation, "before")
    tab.expect("new_message")
    tab.expect("notification")
    tab.do("drop")
    tab.expect("disconnect")
    for number in range(3):
        brand.says(conversation, f"while away {number}")
    assert tab.expect("connect")["recovered"] is True
    brand.says(conversation, "after")
    tab.expect("new_message", seq=7)
    tab.expect("notification", seq=5)
    said = ["before", "while away 0", "while away 1", "while away 2", "after"]
    assert texts(tab) == said
    assert [event["data"]["body"] for event in tab.all("notification")] == said
    # The socket is a member of the room again, so it receives ephemeral events too.
    brand.tabs.joined(conversation).ask("typing_start", conversation)
    tab.expect("user_typing")


def test_a_connection_recovers_repeatedly(brand: Person, influencer: Person, conversation: str) -> None:
    tab = influencer.tabs.joined(conversation)
    said = []
    for number in range(3):
        tab.do("drop")
        tab.expect("disconnect")
        said += [f"away {number}", f"back {number}"]
        brand.says(conversation, said[-2])
        assert tab.expect("connect", recovered=True)
        brand.says(conversation, said[-1])
        tab.expect("new_message", seq=3 + 2 * number)
        tab.expect("new_message", seq=4 + 2 * number)
    assert texts(tab) == said


def test_a_connection_recovers_on_a_killed_server(
    deployment: Deployment, brand: Person, influencer: Person, conversation: str
) -> None:
    tab = influencer.tabs.joined(conversation)
    brand.says(conversation, "before")
    tab.expect("new_message")
    with deployment.last_killed():
        tab.expect("disconnect")
        given = {"conversation_id": conversation, "message": "while away"}
        deployment.installation.shell(
            "from accounts.models import User; from messaging.requests import SendMessageRequest;"
            "from messaging.sending import send_message;"
            f"send_message(sender=User.objects.get(pk='{brand.id}'), data=SendMessageRequest(**{given}))"
        )
    assert tab.expect("connect")["recovered"] is True
    brand.says(conversation, "after")
    tab.expect("new_message", seq=5)
    assert texts(tab) == ["before", "while away", "after"]


def test_a_connection_recovers_on_another_process(
    deployment: Deployment, brand: Person, influencer: Person, conversation: str
) -> None:
    tab = influencer.tabs.joined(conversation, deployment.first.url)
    tab.do("move", deployment.last.url)
    tab.do("drop")
    tab.expect("disconnect")
    brand.says(conversation, "while away")
    assert tab.expect("connect")["recovered"] is True
    tab.expect("new_message")
    brand.says(conversation, "after")
    tab.expect("new_message")
    assert texts(tab) == ["while away", "after"]


def test_another_users_session_is_not_recovered(
    brand: Person, influencer: Person, conversation: str, deployment: Deployment, meet: Any
) -> None:
    theirs = influencer.tabs.joined(conversation)
    brand.says(conversation, "Between us")
    theirs.expect("new_message")
    stranger, _ = meet(deployment)
    tab = stranger.tabs.tab()
    tab.do("open", {"auth": {"token": stranger.access, "pid": theirs.do("pid"), "offset": ""}})
    tab.expect("connect")
    assert tab.do("pid") != theirs.do("pid")
    brand.says(conversation, "Still between us")
    theirs.expect("new_message")
    brand.api.post("/api/messages", {"receiver_id": stranger.id, "message": "To you"})
    tab.expect("notification")
    assert tab.all("new_message") == []


def test_after_replays_missed_events_before_live_ones(brand: Person, influencer: Person, conversation: str) -> None:
    said = [brand.says(conversation, f"message {number}")["message"] for number in range(5)]
    tab = influencer.tabs.connected()
    answer = tab.ask("join_conversation", {"conversationId": conversation, "after": 4})
    assert (answer["success"], answer["seq"], answer["reset"]) == (True, 7, False)
    brand.says(conversation, "live")
    tab.expect("new_message", seq=8)
    assert texts(tab) == [*said[2:], "live"]
    assert [event["seq"] for event in tab.all("new_message")] == [5, 6, 7, 8]


def test_after_beyond_the_end_is_a_reset(brand: Person, influencer: Person, conversation: str) -> None:
    brand.says(conversation, "Hi")
    tab = influencer.tabs.connected()
    answer = tab.ask("join_conversation", {"conversationId": conversation, "after": 100})
    assert (answer["success"], answer["reset"], answer["seq"]) == (True, True, 3)
    brand.says(conversation, "live")
    tab.expect("new_message")
    assert texts(tab) == ["live"]


def test_missed_notifications_are_replayed(brand: Person, influencer: Person, conversation: str) -> None:
    said = [brand.says(conversation, f"message {number}") for number in range(3)]
    tab = influencer.tabs.connected()
    assert tab.ask("join_user_room", {"userId": influencer.id}) == {"success": True, "seq": 3, "reset": False}
    assert tab.all("notification") == []
    answer = tab.ask("join_user_room", {"userId": influencer.id, "after": 1})
    assert answer == {"success": True, "seq": 3, "reset": False}
    tab.expect("notification", seq=3)
    assert [event["data"]["message"]["id"] for event in tab.all("notification")] == [one["id"] for one in said[1:]]
    assert tab.ask("join_user_room", {"userId": influencer.id, "after": 9})["reset"] is True
