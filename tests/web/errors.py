"""Error pages in a tab. Most tests run a development server, where Django shows its own error pages."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.test import RequestFactory
from playwright.async_api import Route

from stoory.middleware import ContentSecurityPolicyMiddleware
from tests.web.tabs import Tab

HEADLINES = {
    400: "That did not make sense",
    403: "This page is not for you",
    404: "There is no such page",
    500: "Something went wrong on our side",
}


async def show_error(tab: Tab, status: int) -> None:
    """Go to an address at which the tab receives the page for this status. The tab needs `may_fail`."""
    await show_response(tab, lambda request: render(request, f"{status}.html", status=status))


async def show_response(tab: Tab, view: Callable[[HttpRequest], HttpResponse]) -> None:
    """Go to `/broken`, where the tab receives the view's response with the content security policy."""
    answer = ContentSecurityPolicyMiddleware(view)(RequestFactory().get("/broken"))

    async def fulfill(route: Route) -> None:
        await route.fulfill(status=answer.status_code, headers=dict(answer.headers), body=answer.content)

    await tab.page.route("**/broken", fulfill)
    await tab.goes("/broken")
