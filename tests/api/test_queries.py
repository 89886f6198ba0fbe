"""The number of queries for a list does not depend on the number of rows."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from deals.opening import open_conversation_as
from deals.requests import OpenConversationRequest
from foundation import clock
from messaging.requests import SendMessageRequest
from messaging.sending import send_message
from tests.factories import make_user
from tests.harness.people import Person
from tests.people import user_of

FEW, MANY = 3, 30


def open_with(brand: User, count: int) -> None:
    """Open bids with new users; each bid has a prompt and a text."""
    for number in range(count):
        given = OpenConversationRequest(
            conversation_type="bid",
            influencer_id=str(make_user("influencer").pk),
            title=f"Box {number}",
            proposed_amount="100",
            message="Hello",
        )
        with clock.moved(timedelta(seconds=number)):
            open_conversation_as(opener=brand, data=given)


def talk(brand: Person, influencer: Person, chat: str, count: int) -> None:
    for number in range(count):
        sender = user_of((brand, influencer)[number % 2])
        send_message(sender=sender, data=SendMessageRequest(conversation_id=chat, message=f"text {number}"))


def queries(person: Person, path: str, at_least: int, **params: object) -> int:
    person.reads(path, **params)
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert len(person.reads(path, **params)["results"]) >= at_least
    return len(captured)


@pytest.mark.parametrize("params", [{}, {"unread": "false"}, {"type": "bid"}, {"search": "box"}])
def test_the_list_of_conversations(brand, params):
    open_with(user_of(brand), FEW)
    few = queries(brand, "/api/conversations", FEW, **params)
    open_with(user_of(brand), MANY - FEW)
    assert queries(brand, "/api/conversations", MANY, **params) == few
    assert few <= (13 if "search" in params else 12)


@pytest.mark.parametrize("what", ["messages", "events"])
def test_lists_in_a_conversation(brand, influencer, what):
    chat = brand.opens_chat_with(influencer)
    path = f"/api/conversations/{chat}/{what}"
    talk(brand, influencer, chat, FEW)
    few = queries(brand, path, FEW)
    talk(brand, influencer, chat, MANY - FEW)
    assert queries(brand, path, MANY) == few
    assert few <= 8


@pytest.mark.parametrize("what", ["", "/events"])
def test_notifications(brand, influencer, what):
    chat = brand.opens_chat_with(influencer)
    path = f"/api/notifications{what}"
    talk(brand, influencer, chat, 2 * FEW)
    few = queries(brand, path, FEW)
    talk(brand, influencer, chat, 2 * (MANY - FEW))
    assert queries(brand, path, MANY) == few
    assert few <= 5


@pytest.mark.parametrize("q", ["inf", "inf ha"])
def test_people(brand, q):
    for number in range(FEW):
        make_user("influencer", name=f"Influencer Hari {number}")
    few = queries(brand, "/api/people", FEW, q=q)
    for number in range(MANY - FEW):
        make_user("influencer", name=f"Influencer Hari {number}")
    assert queries(brand, "/api/people", MANY, q=q) == few
    first = brand.reads("/api/people", q=q, limit=FEW)
    assert queries(brand, "/api/people", FEW, q=q, limit=FEW, cursor=first["next"]) == few + 1
    assert few <= 3


def _sending(brand: Person, influencer: Person) -> Callable[[], object]:
    chat = brand.opens_chat_with(influencer)
    return lambda: brand.says(chat)


def _reading(brand: Person, influencer: Person) -> Callable[[], object]:
    chat = brand.opens_chat_with(influencer)

    def read() -> None:
        newest = brand.says(chat)["id"]
        assert influencer.api.post(f"/api/conversations/{chat}/read", {"up_to": newest}).status_code == 200

    return read


@pytest.mark.parametrize("case", [_sending, _reading], ids=["sending", "reading"])
def test_writing_in_a_long_conversation(brand, influencer, case):
    write = case(brand, influencer)
    write()
    with CaptureQueriesContext(connection) as first:
        write()
    talk(brand, influencer, brand.opens_chat_with(influencer), MANY)
    with CaptureQueriesContext(connection) as later:
        write()
    assert len(later) == len(first)
