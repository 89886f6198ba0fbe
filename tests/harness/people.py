"""Users, and what they do through the REST API."""

import uuid
from dataclasses import dataclass, field, replace
from typing import Any, Self

from tests.harness.rest import Api, OverHttp

PASSWORD = "correct-Horse-7"
FURTHEST = 2**31
"""A sequence number beyond the end of any conversation."""


def newcomer(role: str, name: str = "Mira") -> dict[str, str]:
    """Return the registration data of a new user."""
    return {"email": f"{uuid.uuid4().hex[:16]}@example.com", "password": PASSWORD, "name": name, "role": role}


@dataclass(frozen=True, kw_only=True)
class Account:
    """A user's identity, with the tokens of one login session."""

    id: str
    email: str
    name: str
    role: str
    access: str = field(repr=False)
    refresh: str = field(repr=False)

    @classmethod
    def of(cls, login: dict[str, Any], **more: Any) -> Self:
        """Create an account from the response to a registration or login."""
        user = {key: login["user"][key] for key in ("id", "email", "name", "role")}
        return cls(**user, access=login["access"], refresh=login["refresh"], **more)

    @property
    def pk(self) -> uuid.UUID:
        """The primary key in the database."""
        return uuid.UUID(self.id)


@dataclass(frozen=True, kw_only=True)
class Person(Account):
    """A logged-in user with a client of the REST API.

    Tests with browsers add `tabs`, with which this person opens pages, and `expired`, an expired token.
    """

    api: Api = field(repr=False, compare=False)
    tabs: Any = field(default=None, repr=False, compare=False)
    expired: str = field(default="", repr=False)

    @classmethod
    def authenticates(cls, url: str, endpoint: str, credentials: dict[str, str]) -> Self:
        """Register at a server (endpoint `register`) or log in (`token`)."""
        answer = Api(transport=OverHttp(url)).post(f"/api/auth/{endpoint}", credentials)
        assert answer.status_code in {200, 201}, answer.content
        login = answer.json()
        return cls.of(login, api=Api(login["access"], OverHttp(url)))

    def at(self, url: str) -> Self:
        """Return the same person, using this server."""
        return replace(self, api=Api(self.access, OverHttp(url)))

    def calls(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """Send a request that must succeed, and return its response."""
        answer = self.api.send(method, path, body)
        assert answer.status_code in {200, 201}, answer.content
        return answer.json()

    def reads(self, path: str, **params: Any) -> dict[str, Any]:
        """Send a GET request that must succeed, and return its response."""
        answer = self.api.get(path, params)
        assert answer.status_code == 200, answer.content
        return answer.json()

    def opens(self, **given: Any) -> dict[str, Any]:
        """Open a conversation and return its JSON."""
        return self.calls("POST", "/api/conversations", given)["conversation"]

    def opens_chat_with(self, other: Account) -> str:
        """Open the direct conversation of the two users and return its id."""
        return self.opens(conversation_type="direct", user_id=other.id)["id"]

    def opens_bid_with(self, influencer: Account, **given: Any) -> str:
        """Open a new bid conversation and return its id."""
        return self.opens(conversation_type="bid", influencer_id=influencer.id, **given)["id"]

    def says(self, conversation: str, text: str = "Hello!", **more: Any) -> dict[str, Any]:
        """Send a message and return it."""
        body = {"conversation_id": conversation, "message": text, **more}
        return self.calls("POST", "/api/messages", body)["message"]

    def acts(self, conversation: str, action: str, **data: Any) -> dict[str, Any]:
        """Take an action of the conversation's flow and return the response."""
        return self.calls("POST", f"/api/conversations/{conversation}/actions", {"action": action, "data": data})

    def marks_read(self, conversation: str, up_to: int | str = FURTHEST) -> None:
        self.calls("POST", f"/api/conversations/{conversation}/read", {"up_to": up_to})

    def sees(self, conversation: str) -> dict[str, Any]:
        """Return the current conversation."""
        return self.reads(f"/api/conversations/{conversation}")["conversation"]

    def messages(self, conversation: str) -> list[dict[str, Any]]:
        """Return the latest page of the history."""
        return self.reads(f"/api/conversations/{conversation}/messages", limit=200)["results"]
