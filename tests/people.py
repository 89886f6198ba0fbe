"""The people of the tests, each with a client of the REST API."""

from dataclasses import dataclass
from typing import Any

import pytest

from accounts.models import User
from tests.api.client import Api
from tests.factories import login, make_staff, make_user


@dataclass(frozen=True)
class Person:
    user: User
    api: Api

    @property
    def id(self) -> str:
        return str(self.user.pk)

    def opens(self, **given: Any) -> dict[str, Any]:
        """The `conversation` of `POST /api/conversations`."""
        answer = self.api.post("/api/conversations", given)
        assert answer.status_code in {200, 201}, answer.content
        return answer.json()["conversation"]

    def chats_with(self, other: "Person") -> str:
        """The id of the direct conversation of these two."""
        return self.opens(conversation_type="direct", user_id=other.id)["id"]

    def bids_to(self, influencer: "Person", **given: Any) -> str:
        """The id of a new bid conversation."""
        return self.opens(conversation_type="bid", influencer_id=influencer.id, **given)["id"]

    def says(self, conversation_id: str, text: str = "Hello!", **more: Any) -> dict[str, Any]:
        """The `message` of `POST /api/messages`."""
        answer = self.api.post("/api/messages", {"conversation_id": conversation_id, "message": text, **more})
        assert answer.status_code == 201, answer.content
        return answer.json()["message"]

    def sees(self, conversation_id: str) -> dict[str, Any]:
        """The `conversation` of `GET /api/conversations/{id}`."""
        return self.reads(f"/api/conversations/{conversation_id}")["conversation"]

    def reads(self, path: str, **params: Any) -> dict[str, Any]:
        """What a successful GET answers."""
        answer = self.api.get(path, data=params)
        assert answer.status_code == 200, answer.content
        return answer.json()


def person(user: User) -> Person:
    return Person(user, Api(login(user)))


@pytest.fixture
def brand(db: None) -> Person:
    return person(make_user("brand_owner", name="Anaya"))


@pytest.fixture
def influencer(db: None) -> Person:
    return person(make_user("influencer", name="Mira"))


@pytest.fixture
def stranger(db: None) -> Person:
    return person(make_user("influencer", name="Dev"))


@pytest.fixture
def operator(db: None) -> Person:
    """Somebody of the staff, who takes part in nothing."""
    return person(make_staff(name="Operator"))
