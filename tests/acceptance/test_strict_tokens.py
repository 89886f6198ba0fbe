"""Servers on which a socket lives no longer than its access token."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.acceptance.deployments import Deployment
from tests.harness.people import Person
from tests.harness.servers import Installation, RunningServer

SECONDS = 8


@pytest.fixture
def strict(deployment: Deployment) -> Installation:
    installation = deployment.installation
    return replace(installation, environment=installation.environment | {"SOCKET_TOKEN_POLICY": "strict"})


@pytest.fixture
def server(strict: Installation) -> Iterator[RunningServer]:
    with strict.serving() as running:
        yield running


@pytest.mark.parametrize("deployment", ["embedded"], indirect=True)
def test_a_socket_without_a_newer_token_is_warned_and_disconnected(
    strict: Installation, server: RunningServer, influencer: Person
) -> None:
    made = f"make_short_tokens('{influencer.id}', {SECONDS}, 3)"
    code = f"import json; from tests.acceptance.setup_data import make_short_tokens; print(json.dumps({made}))"
    tokens = json.loads(strict.shell(code))
    dropped, renewed, lasting = (influencer.tabs.tab(url) for url in (server.url, server.url, influencer.tabs.url))
    for tab, token in zip((dropped, renewed, lasting), tokens, strict=True):
        tab.do("connect", token)
        tab.expect("connect")
    for tab in (dropped, renewed):
        assert tab.expect("token_expiring")["expires_at"].endswith("Z")
    assert renewed.ask("authenticate", {"token": influencer.access})["success"]
    # The server closes the transport, so the official client reconnects by itself. With the same token it is rejected.
    assert dropped.expect("disconnect") == "transport close"
    assert dropped.expect("connect_error")["data"] == {"code": "token_expired"}
    assert dropped.do("state")["active"] is False
    # With the default settings, a socket lives as long as its login session.
    for tab in (renewed, lasting):
        assert tab.ask("join_user_room", influencer.id)["success"]
        assert tab.names("disconnect") == []
    assert lasting.names("token_expiring") == []
