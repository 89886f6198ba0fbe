"""The content security policy, as a browser holds pages to it: in force on each of them, the admin's included."""

import re
import sys

from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.views.debug import technical_500_response
from playwright.async_api import Page, Response, Route, expect

from stoory.content_security_policy import ContentSecurityPolicy
from stoory.demo import ADMIN, PASSWORD
from tests.pages import PAGES
from tests.web.tabs import Tab

LINKS = "() => [...document.querySelectorAll('a[href]')].map((link) => link.href)"
LOOKED_AT = ["/admin/", "/admin/accounts/user/", "/admin/conversations/conversation/ID/change/"]


async def test_every_page_has_a_policy_that_allows_nothing_inline_and_keeps_to_it(opens):
    tab = await opens("/", may_fail=True)
    tab.is_spent = True
    documents: list[Response] = []
    tab.page.on("response", lambda one: one.request.resource_type == "document" and documents.append(one))
    opened = [*PAGES, "/api/docs", "/nowhere", "/admin/login/"]
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


async def test_what_a_developer_is_shown_of_an_exception_looks_right_under_it(opens):
    answer = ContentSecurityPolicy(_report)(RequestFactory().get("/broken"))

    async def answered(route: Route) -> None:
        await route.fulfill(status=answer.status_code, headers=dict(answer.headers), body=answer.content)

    tab = await opens("/", may_fail=True)
    await tab.page.route("**/broken", answered)
    await tab.goes("/broken")
    await expect(tab.find("h1")).to_have_text("ZeroDivisionError at /broken")
    assert "Inter" in await tab.page.evaluate("getComputedStyle(document.body).fontFamily")
    await tab.find("summary", has_text="Local variables").first.click()
    await expect(tab.find("dt", has_text="divisor")).to_be_visible()
    assert await tab.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def _report(request: HttpRequest) -> HttpResponse:
    divisor = 0
    try:
        return HttpResponse(str(1 / divisor))
    except ZeroDivisionError:
        return technical_500_response(request, *sys.exc_info())


async def _all_of_admin(tab: Tab) -> set[str]:
    """Go to every page that links of the admin lead to, to one of each kind; answers where that was."""
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
