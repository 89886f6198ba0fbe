"""Users: who they are, and what they do through the REST API."""

import uuid
from dataclasses import dataclass, field, replace
from typing import Any, Self

from tests.harness.rest import Api, OverHttp

PASSWORD = "correct-Horse-7"
FURTHEST = 2**31
"""Further than any conversation goes."""


def newcomer(role: str, name: str = "Mira") -> dict[str, str]:
    """What somebody new registers with."""
    return {"email": f"{uuid.uuid4().hex[:16]}@example.com", "password": PASSWORD, "name": name, "role": role}


@dataclass(frozen=True, kw_only=True)
class Account:
    """Who somebody is, with the tokens of one login session."""

    id: str
    email: str
    name: str
    role: str
    access: str = field(repr=False)
    refresh: str = field(repr=False)

    @classmethod
    def of(cls, login: dict[str, Any], **more: Any) -> Self:
        """By the answer to a registration or a login."""
        user = {key: login["user"][key] for key in ("id", "email", "name", "role")}
        return cls(**user, access=login["access"], refresh=login["refresh"], **more)

    @property
    def pk(self) -> uuid.UUID:
        """The id as the database has it."""
        return uuid.UUID(self.id)


@dataclass(frozen=True, kw_only=True)
class Person(Account):
    """Somebody who is logged in, with a client of the REST API.

    Tests with browsers add `tabs`, with which this person opens pages, and `expired`, a token of the past.
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
        """The same person, who uses this server."""
        return replace(self, api=Api(self.access, OverHttp(url)))

    def calls(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """What a request that succeeds is answered."""
        answer = self.api.send(method, path, body)
        assert answer.status_code in {200, 201}, answer.content
        return answer.json()

    def reads(self, path: str, **params: Any) -> dict[str, Any]:
        """What a GET that succeeds is answered."""
        answer = self.api.get(path, params)
        assert answer.status_code == 200, answer.content
        return answer.json()

    def opens(self, **given: Any) -> dict[str, Any]:
        """A conversation; answers it as its JSON shows it."""
        return self.calls("POST", "/api/conversations", given)["conversation"]

    def opens_chat_with(self, other: Account) -> str:
        """The id of the direct conversation of these two."""
        return self.opens(conversation_type="direct", user_id=other.id)["id"]

    def opens_bid_with(self, influencer: Account, **given: Any) -> str:
        """The id of a new bid conversation."""
        return self.opens(conversation_type="bid", influencer_id=influencer.id, **given)["id"]

    def says(self, conversation: str, text: str = "Hello!", **more: Any) -> dict[str, Any]:
        """A message; answers it."""
        body = {"conversation_id": conversation, "message": text, **more}
        return self.calls("POST", "/api/messages", body)["message"]

    def acts(self, conversation: str, action: str, **data: Any) -> dict[str, Any]:
        """An action of the conversation's flow; answers what it is answered."""
        return self.calls("POST", f"/api/conversations/{conversation}/actions", {"action": action, "data": data})

    def marks_read(self, conversation: str, up_to: int | str = FURTHEST) -> None:
        self.calls("POST", f"/api/conversations/{conversation}/read", {"up_to": up_to})

    def sees(self, conversation: str) -> dict[str, Any]:
        """The conversation as it is now."""
        return self.reads(f"/api/conversations/{conversation}")["conversation"]

    def messages(self, conversation: str) -> list[dict[str, Any]]:
        """The latest page of its history."""
        return self.reads(f"/api/conversations/{conversation}/messages", limit=200)["results"]
