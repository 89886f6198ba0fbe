"""Signed-in demo accounts and new accounts."""

from stoory.demo import PASSWORD, PEOPLE
from tests.harness.people import Person, newcomer
from tests.harness.servers import RunningServer

BRAND, INFLUENCER = PEOPLE[0].email, PEOPLE[2].email


def signed_in(server: RunningServer, email: str) -> Person:
    return Person.authenticates(server.url, "token", {"email": email, "password": PASSWORD})


def registered(server: RunningServer, role: str, name: str = "Mira") -> Person:
    """Create a new user with the password of the tests."""
    return Person.authenticates(server.url, "register", newcomer(role, name))


def newest_conversation(me: Person, server: RunningServer) -> str:
    """Return the id of a new direct conversation, which is the first of the conversation list."""
    me.opens_chat_with(registered(server, "influencer" if me.role == "brand_owner" else "brand_owner"))
    return me.reads("/api/conversations")["results"][0]["id"]
