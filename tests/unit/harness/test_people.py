"""The client of the REST API works identically with each transport."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from django.http import HttpResponse

from tests.harness.people import Person
from tests.harness.rest import Api, InProcess, OverHttp

ANSWER = {"success": True}
WHO = {"email": "mira@example.com", "name": "Mira", "role": "influencer", "access": "token", "refresh": "other"}
LOGIN = {"user": {"id": "1", "email": "a@example.com", "name": "Anaya", "role": "brand_owner", "created_at": "now"}}


class Recorder(BaseHTTPRequestHandler):
    """Records all requests and returns the same response to each."""

    seen: list[dict[str, Any]]
    status = 200

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        kept = {name: self.headers[name] for name in ("Authorization", "Content-Type", "Accept")}
        self.seen.append({"method": self.command, "path": self.path, "body": body.decode()} | kept)
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(json.dumps(ANSWER).encode())

    do_GET = do_POST = do_PATCH = do_DELETE = _answer

    def log_message(self, *told: object) -> None:
        """Log nothing."""


@pytest.fixture
def server() -> Iterator[tuple[str, type[Recorder]]]:
    """The URL of a server, and its request handler."""
    handler = type("Handler", (Recorder,), {"seen": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as web:
        Thread(target=web.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{web.server_address[1]}", handler
        web.shutdown()


class Wsgi:
    """Records what Django's test client passes to the application."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seen: list[dict[str, Any]] = []
        monkeypatch.setattr("django.test.Client.request", self._request)

    def _request(self, **request: Any) -> HttpResponse:
        query = f"?{request['QUERY_STRING']}" if request["QUERY_STRING"] else ""
        body = request["wsgi.input"].read().decode() if "wsgi.input" in request else ""
        self.seen.append(
            {
                "method": request["REQUEST_METHOD"],
                "path": request["PATH_INFO"] + query,
                "body": body,
                "Authorization": request.get("HTTP_AUTHORIZATION"),
                "Content-Type": request.get("CONTENT_TYPE"),
                "Accept": request.get("HTTP_ACCEPT", "*/*"),
            }
        )
        return HttpResponse()


CALLS = {
    "get": lambda api: api.get("/api/a"),
    "get with a query": lambda api: api.get("/api/a", {"limit": 2, "q": "é &", "state": ["x", "y"]}),
    "get with a query in its path": lambda api: api.get("/api/a?cursor=b%2Bc"),
    "get with headers": lambda api: api.get("/api/a", headers={"Accept": "text/html", "Authorization": "Basic x"}),
    "post": lambda api: api.post("/api/a", {"text": "é"}),
    "post nothing": lambda api: api.post("/api/a"),
    "post bytes": lambda api: api.post("/api/a", b"%PDF", content_type="application/pdf"),
    "post no bytes": lambda api: api.post("/api/a", b""),
    "post a list": lambda api: api.post("/api/a", []),
    "patch": lambda api: api.patch("/api/a", {"message": "x"}),
    "delete": lambda api: api.delete("/api/a"),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("token", [None, "token"])
def test_a_request_is_the_same_over_both_transports(
    call: str, token: str | None, server: tuple[str, type[Recorder]], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, handler = server
    wsgi = Wsgi(monkeypatch)
    CALLS[call](Api(token, OverHttp(url)))
    CALLS[call](Api(token, InProcess()))
    assert handler.seen == wsgi.seen
    authorization = "Basic x" if "headers" in call else token and f"Bearer {token}"
    assert handler.seen[0]["Authorization"] == authorization


@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_a_refused_request_fails_the_test(status: int, server: tuple[str, type[Recorder]]) -> None:
    url, handler = server
    handler.status = status
    mira = Person(id="1", **WHO, api=Api("token", OverHttp(url)))
    for call in (lambda: mira.reads("/api/a"), lambda: mira.calls("POST", "/api/a"), lambda: mira.says("1")):
        with pytest.raises(AssertionError, match="success"):
            call()
    assert [one["path"] for one in handler.seen] == ["/api/a", "/api/a", "/api/messages"]


def test_a_person_can_use_another_server(server: tuple[str, type[Recorder]]) -> None:
    url, handler = server
    mira = Person(id="1", **WHO, api=Api("token", OverHttp("http://127.0.0.1:1")))
    assert mira.at(url) == mira
    assert mira.at(url).reads("/api/a") == ANSWER
    assert handler.seen[0]["Authorization"] == "Bearer token"


def test_tokens_are_not_in_the_repr() -> None:
    mira = Person(id="1", **WHO, api=Api())
    assert "token" not in repr(mira)
    assert "mira@example.com" in repr(mira)


def test_the_response_to_a_login_identifies_the_user() -> None:
    anaya = Person.of(LOGIN | {"access": "a", "refresh": "r"}, api=Api())
    assert (anaya.id, anaya.name, anaya.role, anaya.access, anaya.refresh) == ("1", "Anaya", "brand_owner", "a", "r")
