"""Tests every address and command that refers to a user's object as an anonymous user, a stranger, a participant and an
operator. New addresses and commands must be added here."""

import re
from pathlib import Path
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from accounts.models import User
from realtime import application_hooks, registry, user_room
from tests.api.messaging.uploads.test_uploads import picture, uploaded
from tests.api.operations import OPERATIONS, fillings
from tests.contract.test_rest_socket_parity import by_socket
from tests.harness.people import Person
from tests.harness.rest import Api
from tests.people import user_of

pytestmark = pytest.mark.django_db

ANONYMOUS, FOREIGN, FORBIDDEN = (401, "token_missing"), (404, "not_found"), (403, "forbidden")
OK, MADE, TOO_LATE = (200, None), (201, None), (409, "wrong_state")

WITH_TOKENS = ("stranger", "influencer", "operator")
ADDRESSES: dict[str, tuple[Any, Any, Any]] = {
    "GET /api/messages/{message}": (FOREIGN, OK, OK),
    "PATCH /api/messages/{message}": (FOREIGN, OK, FORBIDDEN),
    "DELETE /api/messages/{message}": (FOREIGN, OK, FORBIDDEN),
    "GET /api/messages/{message}/revisions": (FOREIGN, FORBIDDEN, OK),
    "GET /api/conversations/{chat}": (FOREIGN, OK, OK),
    "GET /api/conversations/{chat}/messages": (FOREIGN, OK, OK),
    "GET /api/conversations/{chat}/events": (FOREIGN, OK, OK),
    "GET /api/conversations/{bid}/deal": (FOREIGN, OK, OK),
    "GET /api/conversations/{paid}/receipt": (FOREIGN, OK, OK),
    "POST /api/conversations/{chat}/messages": (FOREIGN, MADE, FORBIDDEN),
    "POST /api/conversations/{chat}/read": (FOREIGN, OK, FORBIDDEN),
    "POST /api/conversations/{bid}/actions": (FOREIGN, OK, FORBIDDEN),
    "POST /api/conversations/{bid}/button-click": (FOREIGN, OK, FORBIDDEN),
    "POST /api/conversations/{bid}/pause": (FOREIGN, FORBIDDEN, OK),
    "POST /api/conversations/{bid}/resume": (FOREIGN, FORBIDDEN, TOO_LATE),
    "POST /api/conversations/{bid}/close": (FOREIGN, FORBIDDEN, OK),
    "GET /api/uploads/{upload}": (FOREIGN, OK, OK),
    "PATCH /api/uploads/{upload}": (FOREIGN, FORBIDDEN, FORBIDDEN),
    "GET /api/uploads/{upload}/link": (FOREIGN, OK, OK),
    "GET /api/uploads/{upload}/thumbnail": (FOREIGN, OK, OK),
    "POST /api/notifications/{notification}/read": (FOREIGN, OK, FOREIGN),
    "POST /api/payments/sandbox/{order_id}/pay": (FOREIGN, FORBIDDEN, FOREIGN),
}
"""The expected response for each user; anonymous users always get 401."""

BODIES: dict[str, Any] = {
    "messages": {"message": "Hello"},
    "read": {"up_to": 1},
    "actions": {"action": "accept_connection"},
    "button-click": {"button_id": "accept_connection"},
    "pause": {"reason": "Looked into"},
    "close": {"reason": "Looked into"},
}
WORDS = {"message": "Other words", "alt": "A sketch"}

COMMANDS: dict[str, tuple[dict[str, Any], Any, Any, Any]] = {
    "send_message": ({"conversation_id": "{chat}", "message": "Hello"}, "not_found", None, "forbidden"),
    "conversation_action": ({"conversation_id": "{bid}", **BODIES["actions"]}, "not_found", None, "forbidden"),
    "mark_read": ({"conversation_id": "{chat}", "up_to": 1}, "not_found", None, "forbidden"),
    "join_user_room": ({"userId": "{influencer}"}, "forbidden", "forbidden", "forbidden"),
    "leave_user_room": ({"userId": "{influencer}"}, "forbidden", "forbidden", "forbidden"),
}
OF_A_SOCKET = {"join_conversation", "leave_conversation", "typing_start", "typing_stop", "authenticate"}
"""Commands that need an open socket. `tests/acceptance` tests them; the rights to rooms are tested below."""


def without_parameter_names(line: str) -> str:
    """Return an address with its parameter names removed."""
    return re.sub(r"\{\w+\}", "{}", line)


def test_every_address_is_listed() -> None:
    named = {without_parameter_names(str(one)) for one in OPERATIONS if one.needs_login and "{" in one.path}
    assert {without_parameter_names(line) for line in ADDRESSES} == named


def test_every_command_is_listed() -> None:
    assert {command.name for command in registry.commands.values()} == COMMANDS.keys() | OF_A_SOCKET


@pytest.fixture
def ids(brand: Person, influencer: Person, settings: Settings, tmp_path: Path) -> dict[str, str]:
    """The ids of the influencer's objects in a conversation with the brand owner."""
    settings.MEDIA_ROOT = tmp_path
    chat, bid = brand.opens_chat_with(influencer), brand.opens_bid_with(influencer)
    upload = uploaded(influencer, picture())["id"]
    message = influencer.says(chat, "Hello", attachments=[upload])["id"]
    brand.says(chat)
    note = influencer.reads("/api/notifications")["results"][0]["id"]
    there = {"chat": chat, "bid": bid, "message": message, "notification": note, "upload": upload}
    return there | {"influencer": influencer.id, "brand": brand.id}


def answer(api: Api, line: str, ids: dict[str, str]) -> tuple[int, str | None]:
    method, path = line.format(**ids).split()
    answered = api.send(method, path, BODIES.get(path.rsplit("/", 1)[1]) if method == "POST" else WORDS)
    problem = answered.status_code >= 400
    return answered.status_code, answered.json()["code"] if problem else None


@pytest.mark.parametrize("who", ["passer-by", *WITH_TOKENS])
@pytest.mark.parametrize("line", ADDRESSES)
def test_each_user_gets_the_expected_response(
    line: str, who: str, ids, brand: Person, stranger: Person, influencer: Person, operator: Person
) -> None:
    if "{order_id}" in line:
        (ids["order_id"],) = fillings(line, brand, influencer)["order_id"]
    if "{paid}" in line:
        (ids["paid"],) = fillings("/api/conversations/{id}/receipt", brand, influencer)["id"]
    expected = dict(zip(WITH_TOKENS, ADDRESSES[line], strict=True)) | {"passer-by": ANONYMOUS}
    api = {"stranger": stranger.api, "influencer": influencer.api, "operator": operator.api}.get(who, Api())
    assert answer(api, line, ids) == expected[who]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("command", COMMANDS)
async def test_each_user_can_send_the_expected_commands(
    command: str, ids, stranger: Person, influencer: Person, operator: Person
) -> None:
    payload, *expected = COMMANDS[command]
    other = {"{influencer}": "{brand}"}
    for person, code in zip((stranger, influencer, operator), expected, strict=True):
        own = person is influencer and "userId" in payload
        filled = {key: _filled(other.get(value, value) if own else value, ids) for key, value in payload.items()}
        told = await by_socket(person, command, filled)
        assert (told["success"], told.get("code")) == (code is None, code)


def _filled(value: Any, ids: dict[str, str]) -> Any:
    return value.format(**ids) if isinstance(value, str) else value


def test_each_user_can_join_the_expected_rooms(
    ids, brand: Person, influencer: Person, stranger: Person, operator: Person
) -> None:
    conversation, own = f"conversation_{ids['chat']}", user_room(influencer.pk)
    everybody: list[User] = [user_of(one) for one in (brand, influencer, stranger, operator)]
    entering = {(user.pk, room) for user in everybody for room in (conversation, own)}
    allowed = {(one.pk, conversation) for one in (brand, influencer, operator)} | {(influencer.pk, own)}
    assert application_hooks().may_enter(entering) == allowed
