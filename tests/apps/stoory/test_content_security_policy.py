"""The content security policy is on every answer, and what is answered to faults keeps to it."""

from html.parser import HTMLParser

import pytest
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest
from django.test import Client
from django.urls import path
from pytest_django.fixtures import Settings

from stoory import urls
from tests.pages import PAGES

FAULTS = {
    "bad": BadRequest("<b>"),
    "forbidden": PermissionDenied(),
    "gone": Http404("<b>"),
    "broken": ValueError("<b>"),
}
STATUS = {"bad": 400, "forbidden": 403, "gone": 404, "broken": 500, "nowhere": 404, "admin/nowhere": 302}
OTHERS = {"texts.js": 200, "static/app/base.css": 200, "healthz": 200, "api/auth/me": 401, "api/nowhere": 404}
PAGES_BY_STATUS = {page.strip("/"): 200 for page in PAGES} | {"demo": 404}  # the demo people are not there


class Inline(HTMLParser):
    """Finds what the policy would stop: styles, scripts and handlers in the page itself."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {name for name, _ in attrs}
        is_block = tag == "style" or (tag == "script" and "src" not in names)
        if (is_block and not dict(attrs).get("nonce")) or any(name == "style" or name[:2] == "on" for name in names):
            self.found.append(self.get_starttag_text())


def _fail(request: HttpRequest) -> None:
    raise FAULTS[request.path.rpartition("/")[2]]


handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500
urlpatterns = [path(f"{prefix}{name}", _fail) for name in FAULTS for prefix in ("", "api/")] + urls.urlpatterns


@pytest.fixture(params=[True, False], ids=["debug", "production"])
def debug(request: pytest.FixtureRequest, settings: Settings) -> bool:
    settings.DEBUG = request.param
    settings.ROOT_URLCONF = __name__
    return request.param


@pytest.fixture
def browser() -> Client:
    return Client(raise_request_exception=False, enforce_csrf_checks=True, headers={"Accept": "text/html"})


@pytest.mark.django_db
@pytest.mark.usefixtures("debug")
@pytest.mark.parametrize(("address", "status"), (STATUS | OTHERS | PAGES_BY_STATUS).items())
def test_every_answer_has_the_policy(browser, address, status):
    answer = browser.get(f"/{address}")
    assert answer.status_code == status
    policy = answer["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


@pytest.mark.usefixtures("debug")
@pytest.mark.parametrize("address", ["bad", "forbidden", "gone", "broken", "nowhere", "chat/nowhere"])
def test_the_pages_of_faults_keep_to_it(browser, address):
    page = browser.get(f"/{address}").content.decode()
    assert "app/base.css" in page
    assert Inline(page).found == []


@pytest.mark.usefixtures("debug")
@pytest.mark.parametrize("address", ["gone", "nowhere"])
def test_what_is_not_there_is_told_on_a_page_that_leads_back(browser, address):
    page = browser.get(f"/{address}").content.decode()
    assert "There is no such page" in page
    assert 'href="/"' in page


def test_an_exception_is_shown_to_developers_alone(browser, debug):
    page = browser.get("/broken").content.decode()
    assert ("ValueError at /broken" in page) is debug
    assert ("raise FAULTS[" in page) is debug
    assert ("Something went wrong on our side" in page) is not debug
    assert "<b>" not in page


@pytest.mark.usefixtures("debug")
def test_a_form_without_its_token_is_told_what_to_do(browser):
    answer = browser.post("/admin/login/", {"username": "a", "password": "b"})
    assert answer.status_code == 403
    assert "This form has expired" in answer.content.decode()
    assert Inline(answer.content.decode()).found == []
    assert "script-src 'self'" in answer["Content-Security-Policy"]


@pytest.mark.usefixtures("debug")
def test_another_host_name_gets_the_policy_too(browser):
    answer = browser.get("/", headers={"Host": "elsewhere.example"})
    assert answer.status_code == 400
    assert "script-src 'self'" in answer["Content-Security-Policy"]
    assert Inline(answer.content.decode()).found == []


@pytest.mark.usefixtures("debug")
@pytest.mark.parametrize("address", ["forbidden", "gone", "nowhere"])
def test_clients_of_the_api_get_a_document(browser, address):
    answer = browser.get(f"/api/{address}")
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == STATUS[address]


def test_the_admin_is_found_without_its_slash(browser):
    assert browser.get("/admin")["Location"] == "/admin/"


@pytest.mark.parametrize("address", ["/chat", "/chat/01980000-0000-7000-8000-00000000000c", "/demo"])
def test_a_page_is_found_with_a_slash(browser, address):
    answer = browser.get(f"{address}/")
    assert (answer.status_code, answer["Location"]) == (302, address)
