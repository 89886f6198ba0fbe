"""Rate limits by connection, user and address; the error says when to retry."""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import cycle

import httpx
import pytest

from tests.acceptance.browser import WAIT
from tests.acceptance.deployments import Deployment, check_log
from tests.harness.people import Person

SENDS = 5
EVENTS = 20
FAILURES = 3
LIMITS = {
    "RATE_LIMITS": "on",
    "SENDS_BURST": str(SENDS),
    "SENDS_PER_SECOND": "0.01",
    "SOCKET_EVENTS_PER_MINUTE": str(EVENTS),
    "LOGIN_FAILURES_PER_MINUTE": str(FAILURES),
}


@contextmanager
def with_limits(deployment: Deployment) -> Iterator[Deployment]:
    """Start separate servers in the same installation with low rate limits."""
    strict = replace(deployment.installation, environment=deployment.installation.environment | LIMITS)
    with ExitStack() as stack:
        servers = [stack.enter_context(strict.serving()) for _ in deployment.servers]
        yield replace(deployment, installation=strict, servers=servers)
        for server in servers:
            check_log(server)


@pytest.fixture(scope="module")
def limited_embedded(embedded: Deployment) -> Iterator[Deployment]:
    with with_limits(embedded) as limited:
        yield limited


@pytest.fixture(scope="module")
def limited_shared(shared: Deployment) -> Iterator[Deployment]:
    with with_limits(shared) as limited:
        yield limited


@pytest.fixture(params=["embedded", "shared"])
def limited(request: pytest.FixtureRequest) -> Deployment:
    return request.getfixturevalue(f"limited_{request.param}")


@pytest.fixture
def couple(limited: Deployment, meet: Callable[[Deployment], tuple[Person, Person]]) -> tuple[Person, Person]:
    return meet(limited)


def test_messages_of_a_user_are_limited_over_both_transports(
    limited: Deployment, brand: Person, influencer: Person, conversation: str
) -> None:
    tab = brand.tabs.connected(limited.last.url)
    body = {"conversation_id": conversation, "message": "Hi"}
    answers = [brand.api.post("/api/messages", body) for _ in range(SENDS)]
    assert [answer.status_code for answer in answers] == [201] * SENDS
    refused = brand.api.post("/api/messages", body)
    assert refused.status_code == 429
    assert (refused.json()["code"], refused.json()["success"]) == ("rate_limited", False)
    assert 0 < int(refused.headers["Retry-After"]) <= 101
    told = tab.ask("send_message", body)
    assert (told["success"], told["code"]) == (False, "rate_limited")
    assert 0 < told["retry_after"] <= 100
    # Other users are not affected, and no rejected message was sent.
    influencer.says(conversation, "Hello")
    assert len(brand.reads(f"/api/conversations/{conversation}/messages")["results"]) == SENDS + 1


def test_a_flooding_connection_is_refused_then_closed_and_can_return(brand: Person, conversation: str) -> None:
    tab = brand.tabs.connected()
    numbers = [tab.begin("ask", "join", brand.id) for _ in range(EVENTS + 5)]
    answers = [tab.result(number) for number in numbers]
    assert [answer["success"] for answer in answers[:EVENTS]] == [True] * EVENTS
    refused = answers[-1]
    assert (refused["success"], refused["code"]) == (False, "rate_limited")
    assert 0 < refused["retry_after"] <= 60
    give_up = time.monotonic() + WAIT
    while not tab.names("disconnect"):
        assert time.monotonic() < give_up, tab
        tab.emit("join", brand.id)
    assert tab.expect("disconnect") == "transport close"
    assert tab.expect("connect")["recovered"] is True
    assert brand.api.get("/api/auth/me").status_code == 200


def test_failed_logins_are_limited_for_each_account(limited: Deployment) -> None:
    email = f"{uuid.uuid4().hex}@example.com"

    def log_in(address: str) -> httpx.Response:
        url = f"{limited.first.url}/api/auth/token"
        return httpx.post(url, json={"email": address, "password": "wrong"}, timeout=WAIT)

    spellings = cycle((email, email.upper()))
    failed = 0
    while (answer := log_in(next(spellings))).status_code == 401:
        failed += 1
    # A slow server refills the bucket during the attempts, so the number of accepted attempts varies.
    assert FAILURES <= failed < 2 * FAILURES
    assert (answer.status_code, answer.json()["code"]) == (429, "rate_limited")
    assert 0 < int(answer.headers["Retry-After"]) <= 61
    assert log_in(f"another-{email}").status_code == 401
