"""Rights that end while a socket is open: such a socket is dropped for good."""

import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.acceptance.browser import WAIT, Browser, Tab
from tests.acceptance.deployments import Deployment
from tests.acceptance.making import PASSWORD
from tests.acceptance.people import Person


def check_dropped_for_good(tab: Tab, code: str, token: str) -> None:
    assert tab.expect("disconnect") == "io server disconnect"
    assert tab.do("state")["active"] is False
    tab.do("connect", token)
    assert tab.expect("connect_error")["data"] == {"code": code}
    assert tab.names("reconnect_attempt") == []


def test_logging_out_drops_the_sockets_of_that_login(brand: Person, influencer: Person, conversation: str) -> None:
    tabs = influencer.joined(conversation), influencer.connected(brand.url)
    assert brand.post("/api/auth/logout", {"refresh": influencer.refresh}).status_code == 200
    for tab in tabs:
        check_dropped_for_good(tab, "token_revoked", influencer.token)
    assert influencer.http.get("/api/auth/me").json()["code"] == "token_revoked"
    # Nothing more is heard by the sockets that were dropped.
    watching = brand.joined(conversation)
    brand.says(conversation, "Gone?")
    watching.expect("new_message")
    assert tabs[0].names("new_message") == []


def test_blocking_somebody_drops_their_sockets(
    deployment: Deployment, brand: Person, influencer: Person, conversation: str
) -> None:
    tabs = influencer.joined(conversation), influencer.connected(brand.url)
    other = brand.joined(conversation)
    deployment.installation.shell(
        "from accounts.models import User; from accounts.services import block;"
        f"block(user=User.objects.get(pk='{influencer.id}'))"
    )
    for tab in tabs:
        check_dropped_for_good(tab, "user_blocked", influencer.token)
    answer = influencer.http.get("/api/conversations")
    assert (answer.status_code, answer.json()["code"]) == (403, "user_blocked")
    brand.says(conversation, "Still here")
    other.expect("new_message")


@pytest.fixture
def registered(deployment: Deployment, clients: Browser) -> Iterator[list[Person]]:
    """Somebody new who has a password, logged in twice."""
    email = f"{uuid.uuid4().hex}@example.com"
    given = {"email": email, "password": PASSWORD, "name": "Mira", "role": "influencer"}
    logins: list[dict[str, Any]] = [
        httpx.post(f"{server.url}/api/auth/{door}", json=given, timeout=WAIT).json()
        for server, door in ((deployment.first, "register"), (deployment.last, "token"))
    ]
    people = [
        Person(
            server.url,
            clients,
            id=login["user"]["id"],
            role="influencer",
            token=login["access"],
            refresh=login["refresh"],
            email=email,
            expired="",
        )
        for server, login in zip((deployment.first, deployment.last), logins, strict=True)
    ]
    yield people
    for person in people:
        person.leave()


def test_another_password_drops_the_sockets_of_every_login(registered: list[Person]) -> None:
    here, there = registered
    changing, dropped = here.connected(), there.connected()
    answer = here.post("/api/auth/password", {"current_password": PASSWORD, "new_password": "another-Horse-8"})
    assert answer.status_code == 200, answer.text
    check_dropped_for_good(dropped, "token_revoked", there.token)
    check_dropped_for_good(changing, "token_revoked", here.token)
    fresh = {"Authorization": f"Bearer {answer.json()['access']}"}
    assert httpx.get(f"{here.url}/api/auth/me", headers=fresh, timeout=WAIT).is_success


def test_a_socket_cannot_be_given_to_somebody_else(brand: Person, influencer: Person) -> None:
    tab = brand.connected()
    assert tab.ask("authenticate", {"token": influencer.token})["code"] == "forbidden"
    assert tab.ask("authenticate", {"token": brand.expired})["code"] == "token_expired"
    assert tab.ask("authenticate", "test-token")["code"] == "token_invalid"
    answer = tab.ask("authenticate", brand.token)
    assert (answer["success"], answer["expires_at"][-1]) == (True, "Z")
    assert tab.ask("join", brand.id)["success"]
    assert tab.ask("join", influencer.id)["code"] == "forbidden"
