"""Rules for every operation of the REST API. The OpenAPI document lists the operations and their differences."""

import json
from codecs import BOM_UTF8
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.http import HttpResponse
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from foundation import clock
from tests.api.messaging.test_sending import ABSENT
from tests.api.operations import FILLERS, JSON, METHODS, OF_A_SHAPE, OPERATIONS, each, filled
from tests.api.shapes import refused
from tests.harness.rest import Api
from tests.people import user_of
from tests.unchanged import nothing_happens

FORM = "multipart/form-data"
EVERY_METHOD = {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"}
MESSAGES = "/api/conversations/{id}/messages"
BODY = {"message": "Hello", "up_to": 1, "client_message_id": "once", "receiver_id": ABSENT}

OPEN_TO_ALL = {
    "POST /api/auth/register",
    "POST /api/auth/token",
    "POST /api/auth/token/refresh",
    "POST /api/auth/logout",
    "POST /api/payments/{provider}/webhook",
}
"""This list is written by hand, so that no other operation can lose its authentication unnoticed."""

WITH_LOGIN = [one for one in OPERATIONS if one.needs_login]
WITHOUT_LOGIN = [one for one in OPERATIONS if not one.needs_login]
WITHOUT_BODY = [one for one in OPERATIONS if not one.takes and one.method != "GET"]
FORMS = [one for one in OPERATIONS if FORM in one.takes]
SIGNED = [one for one in OPERATIONS if one.takes_what_is_signed]

NO_JSON = [b"{", b"{'a': 1}", b"\xff", b"[1,]", b"nul", b"[" * 5000]
NO_OBJECT = [b"[]", b"null", b'"text"', b"5", b"true"]
TYPES = {
    JSON,
    "text/plain",
    "application/x-www-form-urlencoded",
    FORM,
    "application/xml",
    "nonsense",
}
TYPE_AS_SENT = {FORM: MULTIPART_CONTENT}

Fill = Callable[[str], str]


@pytest.fixture
def fill(brand, influencer, settings, tmp_path) -> Fill:
    """Return an address with ids of existing objects."""
    settings.MEDIA_ROOT = tmp_path
    return lambda path: filled(path, brand, influencer)


def shape(answer: HttpResponse) -> tuple[int, str, Any]:
    """Return the parts of a response that are equal for equal requests."""
    is_json = answer["Content-Type"].endswith("json")
    return answer.status_code, answer["Content-Type"], answer.json().keys() if is_json else answer.content


def rolled_back(api: Api, method: str, path: str, body: Any = None, **options: Any) -> HttpResponse:
    """Return a response, and roll back its changes."""
    with transaction.atomic():
        answer = api.send(method, path, body, **options)
        transaction.set_rollback(True)
    return answer


def test_the_document_distinguishes_operations_without_login():
    assert {str(one) for one in WITHOUT_LOGIN} == OPEN_TO_ALL
    assert [str(one) for one in SIGNED] == ["POST /api/payments/{provider}/webhook"]
    assert all((WITH_LOGIN, OF_A_SHAPE, FORMS, WITHOUT_BODY))
    assert all(one in OF_A_SHAPE + FORMS + SIGNED for one in OPERATIONS if one.takes)


def test_an_address_with_an_unknown_parameter_fails(brand, influencer, monkeypatch):
    monkeypatch.delitem(FILLERS, "conversations/{id}")
    with pytest.raises(pytest.fail.Exception, match=r"/api/conversations/\{id\}/messages: no value is known .*FILLERS"):
        filled(MESSAGES, brand, influencer)


# --- Authentication ---


@each(*WITH_LOGIN)
def test_operations_with_login_reject_requests_without_a_token(fill, operation):
    path = fill(operation.path)
    for api, code in ((Api(), "token_missing"), (Api("x"), "token_invalid")):
        answer = api.send(operation.method, path, BODY)
        refused(answer, 401, code)
        assert answer["WWW-Authenticate"].startswith("Bearer")
        assert operation.can_answer(401)


@each(*WITHOUT_LOGIN)
def test_operations_without_login_ignore_tokens(fill, operation):
    path = fill(operation.path)
    without, bad = (api.send(operation.method, path, BODY) for api in (Api(), Api("expired")))
    assert shape(without) == shape(bad)
    assert operation.can_answer(without.status_code)
    assert without.json().get("code") not in {"token_missing", "token_invalid"}


@pytest.mark.parametrize("header", ["", "Bearer", "Basic YTpi", "Token x", "x"])
def test_other_authorization_schemes_are_ignored(db, header):
    answer = Api().get("/api/conversations", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.json()["code"] in {"token_missing", "token_invalid"}
    assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("token", ["x", "a.b.c", "é", "null", "x" * 10_000])
def test_an_invalid_token_is_rejected(db, token):
    header = f"Bearer {token}".encode().decode("latin-1")
    answer = Api().get("/api/conversations", headers={"Authorization": header})
    refused(answer, 401, "token_invalid")
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_logging_in_with_nul_in_the_address_is_refused(db):
    answer = Api().post("/api/auth/token", {"email": "a\x00@example.com", "password": "x"})
    refused(answer, 401, "not_authenticated")


def test_cookies_are_neither_set_nor_accepted(brand, operator, client):
    client.force_login(user_of(operator))
    assert client.get("/api/conversations").status_code == 401
    assert not brand.api.get("/api/conversations").cookies


# --- Addresses and methods ---


def offered(methods: set[str]) -> set[str]:
    return methods | {"OPTIONS"} | ({"HEAD"} if "GET" in methods else set())


@pytest.mark.parametrize(("path", "methods"), METHODS.items(), ids=METHODS)
def test_other_methods_are_refused_with_the_allowed_ones(brand, fill, path, methods):
    path = fill(path)
    told = brand.api.send("OPTIONS", path)
    assert (told.status_code, told.json()) == (200, {"success": True})
    others = {method: brand.api.send(method, path) for method in EVERY_METHOD - methods}
    for answer in others.values():
        refused(answer, 405, "method_not_allowed")
    assert {frozenset(one["Allow"].split(", ")) for one in (told, *others.values())} == {frozenset(offered(methods))}


@each(*(one for one in OPERATIONS if one.method == "GET"))
def test_head_is_get_without_its_body(brand, operator, fill, operation):
    path = fill(operation.path) + operation.query
    who = operator if operation.path.endswith("/revisions") else brand
    got, head = who.api.get(path), who.api.send("HEAD", path)
    assert (head.status_code, head.content) == (got.status_code, b"") == (200, b"")
    assert head["Content-Type"] == got["Content-Type"]


@each(*OPERATIONS)
def test_a_trailing_slash_changes_nothing(brand, fill, monkeypatch, operation):
    path = fill(operation.path)
    now = clock.now()  # a receipt contains the time
    monkeypatch.setattr(clock, "now", lambda: now)
    plain, slashed = (rolled_back(brand.api, operation.method, one, BODY) for one in (path, f"{path}/"))
    assert shape(plain) == shape(slashed)
    assert operation.can_answer(plain.status_code)


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/nothing", "/api/conversations/x/y/z", "/api/messages/a.b"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("debug", [False, True])
def test_unknown_addresses(brand, settings, path, method, debug):
    settings.DEBUG = debug
    for api in (Api(), brand.api):
        refused(api.send(method, path), 404, "not_found")


# --- Bodies ---


@each(*OF_A_SHAPE)
def test_invalid_json_bodies(brand, fill, sent_hints, operation):
    path = fill(operation.path)
    assert operation.can_answer(400)
    with nothing_happens(sent_hints):
        for body in NO_JSON:
            refused(brand.api.send(operation.method, path, body), 400, "invalid")
        for body in NO_OBJECT:
            refused(brand.api.send(operation.method, path, body), 400, "invalid", "non_field_errors")


@each(*OF_A_SHAPE)
def test_no_body_is_an_empty_object(brand, fill, operation):
    path = fill(operation.path)
    without, empty = (rolled_back(brand.api, operation.method, path, body) for body in (b"", b"{}"))
    assert shape(without) == shape(empty)
    assert without.json().get("errors") == empty.json().get("errors")


@each(*FORMS)
def test_invalid_forms(brand, fill, sent_hints, operation):
    path = fill(operation.path)
    assert operation.can_answer(400)
    with nothing_happens(sent_hints):
        for body in (b"", b"x", b"{}", b"--", encode_multipart("other", {"file": "x"})):
            for kind in (MULTIPART_CONTENT, FORM, f"{FORM}; boundary="):
                answer = brand.api.send(operation.method, path, body, content_type=kind)
                assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


@each(*FORMS)
def test_forms_with_too_many_fields(brand, fill, sent_hints, operation):
    path = fill(operation.path)
    body = encode_multipart(BOUNDARY, {f"field{number}": "x" for number in range(1001)})
    with nothing_happens(sent_hints):
        refused(brand.api.send(operation.method, path, body, content_type=MULTIPART_CONTENT), 400, "invalid")


@each(*WITHOUT_BODY)
def test_an_unexpected_body_is_ignored(brand, fill, operation):
    path = fill(operation.path)
    answers = [rolled_back(brand.api, operation.method, path, body) for body in (b"", *NO_JSON, *NO_OBJECT)]
    answers.append(rolled_back(brand.api, operation.method, path, b"x", content_type="text/plain"))
    assert answers[0].status_code == 200
    assert {one.status_code for one in answers} == {200}


@each(*OF_A_SHAPE, *FORMS)
def test_other_types_of_content(brand, fill, sent_hints, operation):
    path = fill(operation.path)
    assert operation.can_answer(415)
    with nothing_happens(sent_hints):
        for kind in TYPES - operation.takes.keys():
            answer = brand.api.send(operation.method, path, BODY, content_type=TYPE_AS_SENT.get(kind, kind))
            refused(answer, 415, "unsupported_media_type")


@each(*SIGNED)
def test_an_unsigned_webhook_is_rejected_unread(brand, fill, sent_hints, operation):
    path = fill(operation.path)
    assert operation.can_answer(403)
    with nothing_happens(sent_hints):
        for body in (b"", b"{}", *NO_JSON, *NO_OBJECT):
            refused(Api().send(operation.method, path, body), 403, "forbidden")


@pytest.mark.parametrize("content_type", [JSON, f"{JSON}; charset=utf-8", JSON.upper()])
def test_every_json_content_type_is_accepted(brand, fill, content_type):
    body = json.dumps({"message": "ä"}, ensure_ascii=False).encode()
    answer = brand.api.send("POST", fill(MESSAGES), body, content_type=content_type)
    assert (answer.status_code, answer.json()["message"]["message"]) == (201, "ä")


@each(*(one for one in OPERATIONS if JSON in one.takes))
def test_a_byte_order_mark_before_a_body_is_skipped(brand, fill, operation):
    path, body = fill(operation.path), json.dumps(BODY).encode()
    plain, marked = (rolled_back(brand.api, operation.method, path, mark + body) for mark in (b"", BOM_UTF8))
    assert shape(plain) == shape(marked)


def test_a_message_after_a_byte_order_mark_is_sent(brand, fill):
    answer = brand.api.send("POST", fill(MESSAGES), BOM_UTF8 + b'{"message": "Hello"}')
    assert (answer.status_code, answer.json()["message"]["message"]) == (201, "Hello")


@each(*(one for one in OPERATIONS if JSON in one.takes))
def test_bodies_that_are_too_large(brand, fill, sent_hints, operation):
    path = fill(operation.path)
    assert operation.can_answer(413)
    padded = json.dumps(BODY).encode().replace(b"}", b" " * settings.MAX_JSON_BODY + b"}")
    with nothing_happens(sent_hints):
        refused(brand.api.send(operation.method, path, padded), 413, "payload_too_large")


@each(*FORMS)
def test_files_that_are_too_large(brand, fill, settings, sent_hints, operation):
    path = fill(operation.path)
    settings.MAX_UPLOAD_BYTES = 10
    assert operation.can_answer(413)
    fields = operation.takes[FORM]["properties"].items()
    files = {name: SimpleUploadedFile("brief.pdf", b"%PDF-1.7\n" + b" " * 10) for name, one in fields if is_file(one)}
    assert files
    with nothing_happens(sent_hints):
        body = encode_multipart(BOUNDARY, files)
        answer = brand.api.send(operation.method, path, body, content_type=MULTIPART_CONTENT)
        refused(answer, 413, "payload_too_large")


def is_file(described: dict[str, Any]) -> bool:
    return described.get("format") == "binary"


def test_a_body_of_the_maximum_size_is_accepted(brand, fill):
    body = b'{"message": "Hello"'
    body += b" " * (settings.MAX_JSON_BODY - len(body) - 1) + b"}"
    assert len(body) == 256 * 1024
    assert brand.api.send("POST", fill(MESSAGES), body).status_code == 201


@pytest.mark.parametrize("accept", ["*/*", JSON, "text/html", "image/png", "application/xml;q=0.9", "nonsense", ""])
def test_responses_are_json_whatever_the_accept_header(brand, fill, accept):
    good = brand.api.get("/api/conversations", headers={"Accept": accept})
    assert (good.status_code, good["Content-Type"]) == (200, JSON)
    refused(brand.api.get(f"/api/conversations/{ABSENT}", headers={"Accept": accept}), 404, "not_found")
    assert brand.api.get("/api/conversations", {"format": "xml"}).status_code == 200
