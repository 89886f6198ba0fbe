"""Presence across several tabs and processes."""

import pytest

from tests.acceptance.deployments import Deployment
from tests.acceptance.shapes import PRESENCE, fits
from tests.harness.people import Person


def test_several_tabs_of_a_user_are_one_presence(brand: Person, influencer: Person, conversation: str) -> None:
    watching = brand.tabs.joined(conversation)
    # The server sends the presence of a user even if that user joins a room while connecting.
    first = influencer.tabs.joined(conversation)
    arrived = watching.expect("presence", user_id=influencer.id)
    fits(arrived, PRESENCE)
    assert arrived["online"] is True
    second = influencer.tabs.connected(brand.tabs.url)
    assert sorted(watching.ask("join_conversation", conversation)["online"]) == sorted([brand.id, influencer.id])
    first.do("disconnect")
    influencer.tabs.connected().do("disconnect")
    assert second.ask("join", influencer.id)["success"]
    assert brand.reads(f"/api/conversations/{conversation}")["conversation"]["other_user"]["online"] is True
    second.do("disconnect")
    left = watching.expect("presence", user_id=influencer.id, online=False)
    fits(left, PRESENCE)
    assert left["last_seen"]
    other = brand.reads(f"/api/conversations/{conversation}")["conversation"]["other_user"]
    assert (other["online"], other["last_seen"]) == (False, left["last_seen"])
    # No presence event was sent when single tabs opened or closed.
    brand.says(conversation, "the end")
    watching.expect("new_message")
    told = [event["online"] for event in watching.all("presence") if event["user_id"] == influencer.id]
    assert told == [True, False]


@pytest.mark.parametrize("deployment", ["shared"], indirect=True)
def test_a_user_who_does_not_return_after_a_server_stop_is_offline(
    deployment: Deployment, brand: Person, influencer: Person, conversation: str
) -> None:
    watching = brand.tabs.joined(conversation)
    with deployment.installation.serving() as server:
        leaving = influencer.tabs.connected(server.url)
        assert watching.expect("presence", user_id=influencer.id)["online"] is True
        leaving.do("disconnect")
        server.stop()
    left = watching.expect("presence", user_id=influencer.id, online=False)
    fits(left, PRESENCE)
    assert left["last_seen"]


def test_users_outside_the_room_receive_no_presence(brand: Person, influencer: Person, conversation: str) -> None:
    watching = brand.tabs.connected()
    influencer.tabs.connected().do("disconnect")
    arrived = influencer.tabs.joined(conversation)
    brand.says(conversation, "the end")
    arrived.expect("new_message")
    watching.expect("conversation_list_updated")
    # This user has not joined the conversation.
    assert watching.all("presence") == []
