"""Deadlines in a running server and in a separate process. They last seconds, because a test cannot move these
clocks."""

import json
import time
from pathlib import Path

import pytest

from tests.harness.people import Person, newcomer
from tests.harness.servers import Installation, RunningServer, embedded
from tests.harness.waiting import wait_until

FLOWS = json.dumps({"deal": {"deadlines": {"influencer_responding": "PT1S"}}})
PATIENCE = 30


def registered(server: RunningServer, role: str) -> Person:
    return Person.authenticates(server.url, "register", newcomer(role))


def events_of(person: Person, conversation: str) -> list[str]:
    return [one["event"] for one in person.reads(f"/api/conversations/{conversation}/events")["results"]]


@pytest.fixture
def installation(tmp_path: Path, request: pytest.FixtureRequest) -> Installation:
    with embedded(tmp_path, FLOWS=FLOWS, **request.param) as installed:
        yield installed


@pytest.mark.parametrize("installation", [{"DEADLINE_SECONDS": "0.2"}], indirect=True)
def test_the_server_handles_deadlines(installation: Installation) -> None:
    with installation.serving() as server:
        brand = registered(server, "brand_owner")
        bid = brand.opens_bid_with(registered(server, "influencer"))
        wait_until(lambda: brand.sees(bid)["flow_state"] == "chat_closed", server.log)
        step = ["conversation_state_changed", "conversation_updated", "new_message"]
        events = events_of(brand, bid)
        # The reminder is sent first, unless this machine is too slow.
        assert events in ([*step, "new_message", *step], [*step, *step])


@pytest.mark.parametrize("installation", [{"DEADLINE_SECONDS": "0.2", "DEADLINES_IN_SERVER": "off"}], indirect=True)
def test_a_separate_process_handles_deadlines_if_the_server_does_not(installation: Installation) -> None:
    with installation.serving() as server:
        brand = registered(server, "brand_owner")
        bid = brand.opens_bid_with(registered(server, "influencer"))
        time.sleep(1.5)
        assert brand.sees(bid)["flow_state"] == "influencer_responding"
        assert installation.manage("run_deadlines", "--once") == "1 conversations\n"
        assert brand.sees(bid)["flow_state"] == "chat_closed"
