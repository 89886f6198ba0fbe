"""Responses to errors: problem documents for API clients, and pages for everyone else. In development Django shows its
technical pages, which alone are exempt from the content security policy."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from html.parser import HTMLParser
from typing import Any

import pytest
from django.contrib import admin
from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from pytest_django.fixtures import Settings
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.views import APIView

from stoory import urls
from tests.factories import make_staff

REASON = "<b>the reason</b>"
"""Escaped in HTML, and shown to developers only."""

EXCEPTIONS = {
    "absent": Http404(REASON),
    "forbidden": PermissionDenied(REASON),
    "bad": BadRequest(REASON),
    "suspicious": SuspiciousOperation(REASON),
    "broken": ValueError(REASON),
}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW")


class Kind(Enum):
    """The forms of a response: its content type, and a text that it contains."""

    DOCUMENT = ("application/problem+json", '"success"')
    PAGE = ("text/html; charset=utf-8", "app/base.css")
    TECHNICAL_PAGE = ("text/html; charset=utf-8", "<code>DEBUG = True</code>")
    TRACEBACK = ("text/plain; charset=utf-8", "Traceback (most recent call last)")


DOCUMENT, PAGE, TECHNICAL_PAGE, TRACEBACK = Kind
ALWAYS_DOCUMENT = (DOCUMENT,) * 4
ALWAYS_PAGE = (PAGE,) * 4
ABSENT_PAGE = (TECHNICAL_PAGE, TECHNICAL_PAGE, PAGE, PAGE)
EXCEPTION = (TECHNICAL_PAGE, TRACEBACK, PAGE, PAGE)
EXCEPTION_BEFORE_THE_API = (TECHNICAL_PAGE, TRACEBACK, DOCUMENT, DOCUMENT)


@dataclass(frozen=True)
class Case:
    """`kinds` are the responses to clients that accept HTML and JSON, in development and then in production."""

    path: str
    status: int
    kinds: tuple[Kind, ...]
    method: str = "GET"
    host: str = "testserver"
    is_operator: bool = False

    def __str__(self) -> str:
        return f"{self.method} {self.host}{self.path}"


CASES = [
    # Addresses that do not exist.
    *(Case("/nowhere", 404, ABSENT_PAGE, method) for method in METHODS),
    *(Case("/api/nowhere", 404, ALWAYS_DOCUMENT, method) for method in METHODS),
    *(Case(path, 404, ALWAYS_DOCUMENT, "POST") for path in ("/api", "/api/", "/api/no/where/")),
    Case("/chat/nowhere", 404, ABSENT_PAGE),
    Case("/apis", 404, ABSENT_PAGE),
    Case("/static/nowhere.css", 404, ABSENT_PAGE),
    Case("/admin/nowhere", 404, ABSENT_PAGE, is_operator=True),
    # Exceptions in a view of the API.
    Case("/api/absent", 404, ALWAYS_DOCUMENT),
    Case("/api/forbidden", 403, ALWAYS_DOCUMENT),
    Case("/api/bad", 400, ALWAYS_DOCUMENT),
    Case("/api/suspicious", 400, ALWAYS_DOCUMENT),
    *(Case("/api/broken", 500, ALWAYS_DOCUMENT, method) for method in ("GET", "POST")),
    # Exceptions in the view of a page.
    Case("/absent", 404, ABSENT_PAGE),
    Case("/forbidden", 403, ALWAYS_PAGE),
    Case("/bad", 400, EXCEPTION),
    Case("/suspicious", 400, EXCEPTION),
    Case("/broken", 500, EXCEPTION),
    # Exceptions in the admin.
    Case("/admin/absent", 404, ABSENT_PAGE, is_operator=True),
    Case("/admin/forbidden", 403, ALWAYS_PAGE, is_operator=True),
    Case("/admin/suspicious", 400, EXCEPTION, is_operator=True),
    Case("/admin/broken", 500, EXCEPTION, is_operator=True),
    # Exceptions in middleware, before any view.
    Case("/middleware/absent", 404, ABSENT_PAGE),
    Case("/middleware/forbidden", 403, ALWAYS_PAGE),
    Case("/middleware/broken", 500, EXCEPTION),
    Case("/api/middleware/forbidden", 403, ALWAYS_DOCUMENT),
    Case("/api/middleware/broken", 500, EXCEPTION_BEFORE_THE_API),
    Case("/", 400, EXCEPTION, host="elsewhere.example"),
    Case("/api/auth/me", 400, EXCEPTION_BEFORE_THE_API, host="elsewhere.example"),
    # A form without a CSRF token.
    Case("/admin/login/", 403, ALWAYS_PAGE, "POST"),
]


def fail(request: HttpRequest) -> HttpResponse:
    raise EXCEPTIONS[request.path.rpartition("/")[2]]


class FailingAPIView(APIView):
    permission_classes = (AllowAny,)

    def get(self, request: Request, **_: Any) -> HttpResponse:
        return fail(request)

    post = get


def failing_middleware(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    return lambda request: (fail if "/middleware/" in request.path else get_response)(request)


handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500
urlpatterns = [
    *(path(name, fail) for name in EXCEPTIONS),
    *(path(f"api/{name}", FailingAPIView.as_view()) for name in EXCEPTIONS),
    *(path(f"admin/{name}", admin.site.admin_view(fail)) for name in EXCEPTIONS),
    *urls.urlpatterns,
]


class Inline(HTMLParser):
    """Finds inline styles, scripts and handlers, which the policy would block."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {name for name, _ in attrs}
        is_block = tag == "style" or (tag == "script" and "src" not in names)
        if (is_block and not dict(attrs).get("nonce")) or any(name == "style" or name[:2] == "on" for name in names):
            self.found.append(self.get_starttag_text())


@pytest.fixture(autouse=True)
def _failing(settings: Settings) -> None:
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.failing_middleware"]


@pytest.mark.parametrize("accept", ["text/html,*/*;q=0.8", "application/json"], ids=["html", "json"])
@pytest.mark.parametrize("debug", [True, False], ids=["development", "production"])
@pytest.mark.parametrize(
    "case", [pytest.param(one, marks=[pytest.mark.django_db] * one.is_operator) for one in CASES], ids=str
)
def test_errors(settings, case, debug, accept):
    settings.DEBUG = debug
    client = Client(raise_request_exception=False, enforce_csrf_checks=True)
    if case.is_operator:
        client.force_login(make_staff())
    answer = client.generic(case.method, case.path, headers={"Accept": accept, "Host": case.host})
    kind = case.kinds[2 * (not debug) + (accept == "application/json")]
    content_type, content = kind.value
    body = answer.content.decode()
    assert (answer.status_code, answer["Content-Type"]) == (case.status, content_type)
    assert content in body or case.method == "HEAD"
    policy = answer.get("Content-Security-Policy")
    assert policy is None if kind is TECHNICAL_PAGE else "script-src 'self'" in policy
    if kind is DOCUMENT and body:
        assert (answer.json()["success"], answer.json()["status"]) == (False, case.status)
    if kind is PAGE:
        assert Inline(body).found == []
    assert "the reason" not in body or (debug and kind in {TECHNICAL_PAGE, TRACEBACK})
    assert REASON not in body or kind is TRACEBACK


def test_the_404_page_links_to_the_home_page():
    page = Client().get("/nowhere").content.decode()
    assert "There is no such page" in page
    assert 'href="/"' in page


@pytest.mark.parametrize("debug", [True, False], ids=["development", "production"])
def test_the_csrf_error_page_says_what_to_do(settings, debug):
    settings.DEBUG = debug
    answer = Client(enforce_csrf_checks=True).post("/admin/login/", {"username": "a", "password": "b"})
    assert "This form has expired" in answer.content.decode()
