"""Rights that end while a socket is open: the server disconnects the socket for good."""

from collections.abc import Iterator

import pytest

from tests.acceptance.browser import Browser, Tab
from tests.acceptance.deployments import Deployment
from tests.acceptance.tabs import with_tabs
from tests.harness.people import PASSWORD, Person, newcomer
from tests.harness.rest import Api, OverHttp


def check_dropped_for_good(tab: Tab, code: str, token: str) -> None:
    assert tab.expect("disconnect") == "io server disconnect"
    assert tab.do("state")["active"] is False
    tab.do("connect", token)
    assert tab.expect("connect_error")["data"] == {"code": code}
    assert tab.names("reconnect_attempt") == []


def test_logging_out_disconnects_the_sockets_of_that_session(
    brand: Person, influencer: Person, conversation: str
) -> None:
    tabs = influencer.tabs.joined(conversation), influencer.tabs.connected(brand.tabs.url)
    assert influencer.api.post("/api/auth/logout", {"refresh": influencer.refresh}).status_code == 200
    for tab in tabs:
        check_dropped_for_good(tab, "token_revoked", influencer.access)
    assert influencer.api.get("/api/auth/me").json()["code"] == "token_revoked"
    # The disconnected sockets receive no further events.
    watching = brand.tabs.joined(conversation)
    brand.says(conversation, "Gone?")
    watching.expect("new_message")
    assert tabs[0].names("new_message") == []


def test_blocking_a_user_disconnects_their_sockets(
    deployment: Deployment, brand: Person, influencer: Person, conversation: str
) -> None:
    tabs = influencer.tabs.joined(conversation), influencer.tabs.connected(brand.tabs.url)
    other = brand.tabs.joined(conversation)
    deployment.installation.shell(
        "from accounts.models import User; from accounts.services import block;"
        f"block(user=User.objects.get(pk='{influencer.id}'))"
    )
    for tab in tabs:
        check_dropped_for_good(tab, "user_blocked", influencer.access)
    answer = influencer.api.get("/api/conversations")
    assert (answer.status_code, answer.json()["code"]) == (403, "user_blocked")
    brand.says(conversation, "Still here")
    other.expect("new_message")


@pytest.fixture
def registered(deployment: Deployment, clients: Browser) -> Iterator[list[Person]]:
    """A new user with a password who has logged in twice."""
    given = newcomer("influencer")
    here, there = deployment.first.url, deployment.last.url
    people = [
        with_tabs(clients, url, Person.authenticates(url, door, given))
        for url, door in ((here, "register"), (there, "token"))
    ]
    yield people
    for person in people:
        person.tabs.close()


def test_a_new_password_disconnects_the_sockets_of_every_session(registered: list[Person]) -> None:
    here, there = registered
    changing, dropped = here.tabs.connected(), there.tabs.connected()
    answer = here.api.post("/api/auth/password", {"current_password": PASSWORD, "new_password": "another-Horse-8"})
    assert answer.status_code == 200, answer.content
    check_dropped_for_good(dropped, "token_revoked", there.access)
    check_dropped_for_good(changing, "token_revoked", here.access)
    assert Api(answer.json()["access"], OverHttp(here.tabs.url)).get("/api/auth/me").status_code == 200


def test_a_socket_cannot_change_its_user(brand: Person, influencer: Person) -> None:
    tab = brand.tabs.connected()
    assert tab.ask("authenticate", {"token": influencer.access})["code"] == "forbidden"
    assert tab.ask("authenticate", {"token": brand.expired})["code"] == "token_expired"
    assert tab.ask("authenticate", "test-token")["code"] == "token_invalid"
    answer = tab.ask("authenticate", brand.access)
    assert (answer["success"], answer["expires_at"][-1]) == (True, "Z")
    assert tab.ask("join", brand.id)["success"]
    assert tab.ask("join", influencer.id)["code"] == "forbidden"
