"""Deadlines in a running server, and in a process apart: with deadlines of seconds, since nobody moves its clock."""

import json
import time
from pathlib import Path

import httpx
import pytest

from tests.harness.servers import Installation, embedded

FLOWS = json.dumps({"deal": {"deadlines": {"influencer_responding": "PT1S"}}})
PATIENCE = 30


def open_bid(client: httpx.Client) -> str:
    """The id of a bid that nobody answers."""
    people = []
    for role in ("brand_owner", "influencer"):
        given = {"email": f"{role}@example.com", "password": "correct-Horse-7", "name": role, "role": role}
        people.append(client.post("/api/auth/register", json=given).json())
    client.headers["Authorization"] = f"Bearer {people[0]['access']}"
    wanted = {"conversation_type": "bid", "influencer_id": people[1]["user"]["id"]}
    return client.post("/api/conversations", json=wanted).json()["conversation"]["id"]


def state_of(client: httpx.Client, conversation: str) -> str:
    return client.get(f"/api/conversations/{conversation}").json()["conversation"]["flow_state"]


def events_of(client: httpx.Client, conversation: str) -> list[str]:
    return [one["event"] for one in client.get(f"/api/conversations/{conversation}/events").json()["results"]]


@pytest.fixture
def installation(tmp_path: Path, request: pytest.FixtureRequest) -> Installation:
    with embedded(tmp_path, FLOWS=FLOWS, **request.param) as installed:
        yield installed


@pytest.mark.parametrize("installation", [{"DEADLINE_SECONDS": "0.2"}], indirect=True)
def test_the_server_looks_for_what_is_due(installation: Installation) -> None:
    with installation.serving() as server, httpx.Client(base_url=server.url) as client:
        bid = open_bid(client)
        give_up = time.monotonic() + PATIENCE
        while state_of(client, bid) != "chat_closed":
            assert time.monotonic() < give_up, server.log()
            time.sleep(0.1)
        step = ["conversation_state_changed", "conversation_updated", "new_message"]
        events = events_of(client, bid)
        # The reminder comes first, unless this machine is too slow for that.
        assert events in ([*step, "new_message", *step], [*step, *step])


@pytest.mark.parametrize("installation", [{"DEADLINE_SECONDS": "0.2", "DEADLINES_IN_SERVER": "off"}], indirect=True)
def test_where_it_is_switched_off_another_process_does(installation: Installation) -> None:
    with installation.serving() as server, httpx.Client(base_url=server.url) as client:
        bid = open_bid(client)
        time.sleep(1.5)
        assert state_of(client, bid) == "influencer_responding"
        assert installation.manage("run_deadlines", "--once") == "1 conversations\n"
        assert state_of(client, bid) == "chat_closed"
