"""What holds for every address under `/api`."""

import json
from typing import Any

import pytest
from django.conf import settings

from messaging.models import Message
from tests.api.client import Api
from tests.api.messages.test_sending import ABSENT
from tests.api.shapes import refused

ADDRESSES = {
    "/api/auth/me": {"GET"},
    "/api/auth/register": {"POST"},
    "/api/auth/token": {"POST"},
    "/api/auth/token/refresh": {"POST"},
    "/api/auth/logout": {"POST"},
    "/api/messages": {"POST"},
    "/api/messages/{message}": {"GET", "PATCH", "DELETE"},
    "/api/conversations": {"GET", "POST"},
    "/api/conversations/{chat}": {"GET"},
    "/api/conversations/{chat}/messages": {"GET", "POST"},
    "/api/conversations/{chat}/actions": {"POST"},
    "/api/conversations/{chat}/read": {"POST"},
    "/api/conversations/{chat}/events": {"GET"},
    "/api/notifications": {"GET"},
    "/api/notifications/unread-count": {"GET"},
    "/api/notifications/read-all": {"POST"},
    "/api/notifications/events": {"GET"},
    "/api/notifications/{notification}/read": {"POST"},
}
WITHOUT_LOGIN = {"/api/auth/register", "/api/auth/token", "/api/auth/token/refresh", "/api/auth/logout"}
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"]
WITH_LOGIN = [(path, method) for path, methods in ADDRESSES.items() for method in methods if path not in WITHOUT_LOGIN]
WITH_BODY = [
    (path, method) for path, methods in ADDRESSES.items() for method in methods & {"POST", "PATCH"}
    if not path.endswith(("read-all", "{notification}/read"))
]  # fmt: skip


@pytest.fixture
def fill(brand, influencer):
    """An address with the ids of what there is."""
    chat = brand.chats_with(influencer)
    ids = {"{chat}": chat, "{message}": brand.says(chat)["id"]}
    influencer.says(chat)
    ids["{notification}"] = brand.reads("/api/notifications")["results"][0]["id"]

    def filled(path: str) -> str:
        for name, value in ids.items():
            path = path.replace(name, value)
        return path

    return filled


def send(api: Api, method: str, path: str, body: Any = None, **options: Any):
    return api._send(method, path, body, options)


# --- Who asks ---


@pytest.mark.parametrize(("path", "method"), WITH_LOGIN)
def test_without_a_token(fill, path, method):
    answer = send(Api(), method, fill(path), {"message": "Hello", "up_to": 1})
    refused(answer, 401, "token_missing")
    assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("header", ["", "Bearer", "Basic YTpi", "Token x", "x"])
def test_what_is_no_bearer_token(db, header):
    answer = Api().get("/api/conversations", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.json()["code"] in {"token_missing", "token_invalid"}
    assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("token", ["x", "a.b.c", "é", "null", "x" * 10_000])
def test_a_bad_token(db, token):
    header = f"Bearer {token}".encode().decode("latin-1")
    answer = Api().get("/api/conversations", headers={"Authorization": header})
    refused(answer, 401, "token_invalid")
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_a_bad_token_does_not_keep_anybody_from_logging_in(db):
    answer = Api("expired").post("/api/auth/token", {"email": "a@example.com", "password": "x"})
    refused(answer, 401, "not_authenticated")


def test_an_address_that_no_database_takes_is_nobodys(db):
    answer = Api().post("/api/auth/token", {"email": "a\x00@example.com", "password": "x"})
    refused(answer, 401, "not_authenticated")


def test_no_cookie_is_set_or_taken(brand, operator, client):
    client.force_login(operator.user)
    assert client.get("/api/conversations").status_code == 401
    assert not brand.api.get("/api/conversations").cookies


# --- Addresses and methods ---


def offered(methods: set[str]) -> set[str]:
    return methods | {"OPTIONS"} | ({"HEAD"} if "GET" in methods else set())


@pytest.mark.parametrize(("path", "methods"), ADDRESSES.items(), ids=ADDRESSES)
def test_other_methods(brand, fill, path, methods):
    for method in set(METHODS) - methods:
        answer = send(brand.api, method, fill(path))
        refused(answer, 405, "method_not_allowed")
        assert set(answer["Allow"].split(", ")) == offered(methods)


@pytest.mark.parametrize(("path", "methods"), ADDRESSES.items(), ids=ADDRESSES)
def test_options_name_the_methods(brand, fill, path, methods):
    answer = send(brand.api, "OPTIONS", fill(path))
    assert answer.status_code == 200
    assert answer.json() == {"success": True}
    assert set(answer["Allow"].split(", ")) == offered(methods)


@pytest.mark.parametrize("path", [path for path, methods in ADDRESSES.items() if "GET" in methods])
def test_head_is_get_without_its_body(brand, fill, path):
    got, head = brand.api.get(fill(path)), send(brand.api, "HEAD", fill(path))
    assert (head.status_code, head.content) == (200, b"")
    assert head["Content-Type"] == got["Content-Type"]


@pytest.mark.parametrize(("path", "method"), WITH_LOGIN)
def test_a_trailing_slash_changes_nothing(brand, fill, path, method):
    path, body = fill(path), {"message": "Hello", "up_to": 1, "client_message_id": "once", "receiver_id": ABSENT}
    plain, slashed = send(brand.api, method, path, body), send(brand.api, method, f"{path}/", body)
    assert (plain.status_code, plain.json().keys()) == (slashed.status_code, slashed.json().keys())
    assert plain.status_code < 500


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/nothing", "/api/conversations/x/y/z", "/api/messages/a.b"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("debug", [False, True])
def test_addresses_that_are_none(brand, settings, path, method, debug):
    settings.DEBUG = debug
    for api in (Api(), brand.api):
        refused(send(api, method, path), 404, "not_found")


# --- Bodies ---


@pytest.mark.parametrize(("path", "method"), WITH_BODY)
@pytest.mark.parametrize("body", [b"{", b"{'a': 1}", b"\xff", b"[1,]", b"nul", b'{"message": "\\ud800"}', b"[" * 5000])
def test_what_is_no_json(brand, fill, path, method, body):
    refused(send(brand.api, method, fill(path), body), 400, "invalid")


@pytest.mark.parametrize(("path", "method"), WITH_BODY)
def test_no_body_is_an_empty_object(brand, fill, path, method):
    assert send(brand.api, method, fill(path), b"").json() == send(brand.api, method, fill(path), b"{}").json()


@pytest.mark.parametrize(("path", "method"), WITH_BODY)
@pytest.mark.parametrize("body", ["[]", "null", '"text"', "5", "true"])
def test_json_that_is_no_object(brand, fill, path, method, body):
    refused(send(brand.api, method, fill(path), body.encode()), 400, "invalid", "non_field_errors")


@pytest.mark.parametrize(("path", "method"), WITH_BODY)
@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "nonsense",
    ],
)
def test_other_types_of_content(brand, fill, path, method, content_type):
    body = b'{"message": "Hello"}'
    refused(send(brand.api, method, fill(path), body, content_type=content_type), 415, "unsupported_media_type")


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON"])
def test_json_by_its_names(brand, fill, content_type):
    body = json.dumps({"message": "ä"}, ensure_ascii=False).encode()
    answer = send(brand.api, "POST", fill("/api/conversations/{chat}/messages"), body, content_type=content_type)
    assert (answer.status_code, answer.json()["message"]["message"]) == (201, "ä")


@pytest.mark.parametrize(("path", "method"), WITH_BODY)
def test_bodies_that_are_too_large(brand, fill, path, method):
    count = Message.objects.count
    path, before = fill(path), count()
    padded = b'{"message": "Hello", "up_to": 1' + b" " * settings.MAX_JSON_BODY + b"}"
    refused(send(brand.api, method, path, padded), 413, "payload_too_large")
    assert count() == before


def test_a_body_of_the_largest_size_is_taken(brand, fill):
    body = b'{"message": "Hello"'
    body += b" " * (settings.MAX_JSON_BODY - len(body) - 1) + b"}"
    assert len(body) == 256 * 1024
    assert send(brand.api, "POST", fill("/api/conversations/{chat}/messages"), body).status_code == 201


@pytest.mark.parametrize(
    "accept", ["*/*", "application/json", "text/html", "image/png", "application/xml;q=0.9", "nonsense", ""]
)
def test_json_is_answered_whatever_is_asked_for(brand, fill, accept):
    good = brand.api.get("/api/conversations", headers={"Accept": accept})
    assert (good.status_code, good["Content-Type"]) == (200, "application/json")
    refused(brand.api.get(f"/api/conversations/{ABSENT}", headers={"Accept": accept}), 404, "not_found")
    assert brand.api.get("/api/conversations", data={"format": "xml"}).status_code == 200
