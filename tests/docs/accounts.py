"""The accounts of the demo, signed in, and new ones."""

from stoory.demo import PASSWORD, PEOPLE
from tests.harness.people import Person, newcomer
from tests.harness.servers import RunningServer

BRAND, INFLUENCER = PEOPLE[0].email, PEOPLE[2].email


def signed_in(server: RunningServer, email: str) -> Person:
    return Person.authenticates(server.url, "token", {"email": email, "password": PASSWORD})


def registered(server: RunningServer, role: str, name: str = "Mira") -> Person:
    """Somebody new, with the password of the tests."""
    return Person.authenticates(server.url, "register", newcomer(role, name))


def newest_conversation(me: Person, server: RunningServer) -> str:
    """The id of a direct conversation that has just begun, so that it is the first of the list."""
    me.opens_chat_with(registered(server, "influencer" if me.role == "brand_owner" else "brand_owner"))
    return me.reads("/api/conversations")["results"][0]["id"]
