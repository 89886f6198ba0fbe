"""The content security policy in a browser applies to every page, including the pages of the admin."""

import re
import sys

import pytest
from django.http import HttpRequest, HttpResponse
from django.views.debug import technical_500_response
from playwright.async_api import Page, Response, expect

from stoory.demo import ADMIN, PASSWORD
from tests.pages import PAGES
from tests.web.errors import HEADLINES, show_error, show_response
from tests.web.tabs import Tab

LINKS = "() => [...document.querySelectorAll('a[href]')].map((link) => link.href)"
BACKGROUND = "(selector) => getComputedStyle(document.querySelector(selector)).backgroundColor"
TRANSPARENT = "rgba(0, 0, 0, 0)"
LOOKED_AT = ["/admin/", "/admin/accounts/user/", "/admin/conversations/conversation/ID/change/"]


async def test_every_page_has_and_follows_a_policy_without_inline_code(opens):
    tab = await opens("/", may_fail=True)
    tab.is_spent = True
    documents: list[Response] = []
    tab.page.on("response", lambda one: one.request.resource_type == "document" and documents.append(one))
    opened = [*PAGES, "/api/docs", "/admin/login/"]
    for path in opened:
        await tab.goes(path)
    await tab.page.get_by_label("Email").fill(ADMIN)
    await tab.page.get_by_label("Password").fill(PASSWORD)
    await tab.page.get_by_role("button", name="Log in").click()
    await tab.is_at("/admin/")
    seen = await _all_of_admin(tab)
    assert seen >= set(LOOKED_AT)
    for one in documents:
        policy = one.headers["content-security-policy"]
        assert "script-src 'self'" in policy, one.url
        assert "unsafe" not in policy, one.url
    assert len(documents) >= len(opened) + len(seen)


@pytest.mark.parametrize("status", HEADLINES)
async def test_error_pages_follow_the_policy(opens, status):
    tab = await opens("/", may_fail=True)
    await show_error(tab, status)
    await expect(tab.find("h1")).to_have_text(HEADLINES[status])
    assert "Inter" in await tab.page.evaluate("getComputedStyle(document.body).fontFamily")


async def test_djangos_exception_page_keeps_its_styles_and_scripts(opens, settings):
    settings.DEBUG = True
    tab = await opens("/", may_fail=True)
    await show_response(tab, _report)
    await expect(tab.find("h1")).to_contain_text("ZeroDivisionError at /broken")
    assert await tab.page.evaluate(BACKGROUND, "#summary") != TRANSPARENT
    await expect(tab.find("td", has_text="divisor")).to_be_hidden()
    await tab.find("summary", has_text="Local vars").last.click()
    await expect(tab.find("td", has_text="divisor")).to_be_visible()
    await tab.find("a", has_text="Switch to copy-and-paste view").click()
    await expect(tab.find("textarea#traceback_area")).to_be_visible()


async def test_djangos_404_page_lists_the_addresses(opens):
    tab = await opens("/nowhere", may_fail=True)
    await expect(tab.find("h1")).to_contain_text("Page not found")
    assert await tab.page.evaluate(BACKGROUND, "header") != TRANSPARENT
    await expect(tab.find("li", has_text="developers")).to_be_visible()


def _report(request: HttpRequest) -> HttpResponse:
    divisor = 0
    try:
        return HttpResponse(str(1 / divisor))
    except ZeroDivisionError:
        return technical_500_response(request, *sys.exc_info())


async def _all_of_admin(tab: Tab) -> set[str]:
    """Visit every page to which the admin's links lead, one of each kind; return the kinds."""
    seen: set[str] = set()
    waiting = ["/admin/"]
    while waiting:
        path = waiting.pop()
        if _kind(path) in seen:
            continue
        seen.add(_kind(path))
        await tab.goes(path)
        waiting += await _links(tab.page, tab.url)
    return seen


async def _links(page: Page, url: str) -> list[str]:
    paths = [link.removeprefix(url) for link in await page.evaluate(LINKS) if link.startswith(f"{url}/admin/")]
    return [path.partition("#")[0].partition("?")[0] for path in paths if "logout" not in path]


def _kind(path: str) -> str:
    return re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?<=/)\d+(?=/)", "ID", path)
