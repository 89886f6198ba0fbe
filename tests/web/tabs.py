"""Browser tabs, and what they complain of."""

import json
import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Error, Locator, Page, Route, expect

from tests.harness.people import Person

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WAIT = 60_000
"""Milliseconds after which a test gives up waiting for something that should happen at once, on a busy machine too."""

PLAYED = 180_000
"""The same for a whole deal that plays itself."""

SIZE = {"width": 1360, "height": 860}
_OF_THE_NETWORK = ("Failed to load resource", "WebSocket connection to", "net::ERR_")

REMEMBER = """
selector => {
  const element = document.querySelector(selector);
  window.remembered = [element.textContent];
  const keep = () => window.remembered.push(element.textContent);
  new MutationObserver(keep).observe(element, { childList: true, subtree: true, characterData: true });
}
"""
BLANK = "/blank"
"""A page of the server's origin that the browser has of its own, to come by the origin's storage."""

BEGIN = """
session => {
  localStorage.clear();
  sessionStorage.clear();
  if (session) localStorage.setItem('stoory.session', session);
}
"""

expect.set_options(timeout=WAIT)


@dataclass(eq=False)
class Tab:
    """A page, and the errors that it reported; those of the network count unless the test is about them."""

    page: Page
    context: BrowserContext
    url: str
    faults: list[str] = field(default_factory=list)
    may_fail: bool = False
    is_spent: bool = False
    """What a test has done to it cannot be undone for the next one."""

    def watch(self) -> None:
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.faults.append(f"{error}\n{error.stack}"))

    def _heard(self, said: ConsoleMessage) -> None:
        of_the_network = any(words in said.text for words in _OF_THE_NETWORK)
        if said.type in {"error", "warning"} and not (of_the_network and self.may_fail):
            self.faults.append(f"{said.text} ({said.location['url']})")

    def find(self, selector: str, **options: object) -> Locator:
        return self.page.locator(selector, **options)

    @property
    def messages(self) -> Locator:
        return self.find(".messages .message")

    @property
    def words(self) -> Locator:
        """The texts that are shown, those on their way included."""
        return self.find(".messages .words")

    @property
    def composer(self) -> Locator:
        return self.find(".composer textarea")

    @property
    def presence(self) -> Locator:
        """What stands below the other's name: whether they are online."""
        return self.find(".conversation-header .who p")

    @property
    def connection(self) -> Locator:
        """What is said of the connection where a conversation is open."""
        return self.find(".conversation .connection")

    async def goes(self, path: str) -> None:
        await self.page.goto(self.url + path)

    async def is_at(self, path: str) -> None:
        """Wait until the address is this, as a regular expression for what comes after the server."""
        await expect(self.page).to_have_url(re.compile(f"^{re.escape(self.url)}{path}$"))

    async def loaded(self) -> None:
        """Wait until the conversation is shown: before that, what is written is not shown as on its way."""
        await expect(self.find('.conversation[data-phase="ready"]')).to_be_visible()

    async def says(self, text: str) -> None:
        await self.loaded()
        await self.composer.fill(text)
        await self.composer.press("Enter")

    async def sends(self, text: str) -> None:
        """Say something, and wait until it is stored: what anybody sends after that comes after it."""
        await self.says(text)
        await expect(self.find(".messages .mine:not(.outgoing) .words").last).to_have_text(text)

    async def remember(self, selector: str) -> None:
        """Keep every text that an element shows from now on, also if it is for a moment only."""
        await self.page.evaluate(REMEMBER, selector)

    async def has_shown(self, text: str) -> None:
        """Wait until the element that is remembered has shown this."""
        await self.page.wait_for_function("text => window.remembered.includes(text)", arg=text)

    async def beside(self, path: str) -> "Tab":
        """Another tab of the same browser."""
        tab = Tab(await self.context.new_page(), self.context, self.url, self.faults, self.may_fail)
        tab.watch()
        await tab.goes(path)
        return tab


class Tabs:
    """Tabs in browsers of their own, on a server's pages. To make one costs more than most tests: a tab that is given
    back serves again, without anything of who used it."""

    def __init__(self, browser: Browser, url: str) -> None:
        self._browser, self._url = browser, url
        self._free: list[Tab] = []

    async def take(
        self,
        who: Person | None,
        *,
        may_fail: bool = False,
        viewport: dict[str, int] = SIZE,
        color_scheme: str = "light",
    ) -> Tab:
        """A tab in which somebody is signed in, or nobody."""
        tab = self._free.pop() if self._free else await self._new()
        tab.may_fail = may_fail
        await tab.page.set_viewport_size(viewport)
        await tab.page.emulate_media(color_scheme=color_scheme, reduced_motion="reduce")
        await tab.goes(BLANK)
        await tab.page.evaluate(BEGIN, _session_of(who) if who else None)
        return tab

    async def _new(self) -> Tab:
        context = await self._browser.new_context(timezone_id=_zone_of_noon())
        context.set_default_timeout(WAIT)
        await context.route(self._url + BLANK, _blank)
        tab = Tab(await context.new_page(), context, self._url)
        tab.watch()
        return tab

    async def give_back(self, tab: Tab) -> list[str]:
        """Answers what it complained of."""
        faults = list(tab.faults)
        if tab.is_spent or tab.page.is_closed() or faults:
            await tab.context.close()
            return faults
        for page in tab.context.pages:
            if page != tab.page:
                await page.close()
        await tab.context.set_offline(False)
        await tab.context.clear_cookies()
        await tab.page.unroute_all(behavior="ignoreErrors")
        try:
            await tab.page.goto("about:blank")
        except Error:  # it was on its way somewhere else
            await tab.context.close()
        else:
            tab.faults.clear()
            self._free.append(tab)
        return faults


def _session_of(who: Person) -> str:
    """As the pages keep it."""
    user = {"id": who.id, "email": who.email, "name": who.name, "role": who.role}
    until = (time.time() + 3000) * 1000
    return json.dumps({"user": user, "access": who.access, "refresh": who.refresh, "until": until})


async def _blank(route: Route) -> None:
    await route.fulfill(content_type="text/html", body='<link rel="icon" href="data:,">')


def _zone_of_noon() -> str:
    """A time zone in which midnight is far away: no test sees two days where it expects one."""
    return f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"
