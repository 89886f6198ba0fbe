"""The accounts of the demo, signed in, and new ones."""

from stoory.demo import PASSWORD, PEOPLE
from tests.harness.people import Person, newcomer
from tests.harness.servers import RunningServer

BRAND, INFLUENCER = PEOPLE[0].email, PEOPLE[2].email


def signed_in(server: RunningServer, email: str) -> Person:
    return Person.enters(server.url, "token", {"email": email, "password": PASSWORD})


def registered(server: RunningServer, role: str, name: str = "Mira") -> Person:
    """Somebody new, with the password of the tests."""
    return Person.enters(server.url, "register", newcomer(role, name))
