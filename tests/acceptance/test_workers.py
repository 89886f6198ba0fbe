"""Several workers behind one port."""

import pytest

from tests.acceptance.deployments import Deployment, check_log
from tests.harness.people import Person

TABS = 6


@pytest.mark.parametrize("deployment", ["shared"], indirect=True)
def test_clients_of_all_workers_share_rooms_and_reconnect_after_a_stop(
    deployment: Deployment, brand: Person, influencer: Person, conversation: str
) -> None:
    with deployment.installation.serving(workers=2) as server:
        tabs = [person.tabs.joined(conversation, server.url) for person in (brand, influencer) for _ in range(TABS)]
        elsewhere = influencer.tabs.joined(conversation)
        tabs[0].ask("send_message", {"conversation_id": conversation, "message": "Hi"})
        brand.says(conversation, "Is everybody here?")
        polling = influencer.tabs.tab(server.url)
        polling.do("open", {"auth": {"token": influencer.access}, "transports": ["polling", "websocket"]})
        assert "transports: ['websocket']" in polling.expect("connect_error")["answer"]
        for tab in (*tabs, elsewhere):
            tab.expect("new_message", seq=4)
            assert [event["seq"] for event in tab.all("new_message")] == [3, 4]
        assert server.stop() == 0
        for tab in tabs:
            assert tab.expect("disconnect") == "transport close"
            assert tab.do("state")["active"] is True
        check_log(server)
