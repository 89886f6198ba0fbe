"""The accounts of the demo, signed in."""

import httpx

from stoory.demo import PASSWORD, PEOPLE
from tests.servers import RunningServer
from tests.web.people import PATIENCE, Person

BRAND, INFLUENCER = PEOPLE[0].email, PEOPLE[2].email


def signed_in(server: RunningServer, email: str) -> Person:
    given = {"email": email, "password": PASSWORD}
    answer = httpx.post(f"{server.url}/api/auth/token", json=given, timeout=PATIENCE)
    assert answer.status_code == 200, answer.text
    tokens = answer.json()
    return Person(server.url, email, tokens["user"]["name"], tokens["user"]["id"], tokens)
