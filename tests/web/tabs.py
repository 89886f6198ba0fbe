"""Browser tabs that record their errors."""

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
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
]
WAIT = 60_000
"""Milliseconds to wait for something that should happen at once; long enough for a busy machine."""

PLAYED = 180_000
"""Milliseconds to wait for a whole deal that plays itself."""

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
"""The address of an empty page with the server's origin, which allows access to the storage of that origin."""

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
    """A page and its errors; network errors count unless `may_fail` is set."""

    page: Page
    context: BrowserContext
    url: str
    faults: list[str] = field(default_factory=list)
    may_fail: bool = False
    is_spent: bool = False
    """Whether the tab is unusable for the next test."""

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
        """The displayed texts of messages, including unsent messages."""
        return self.find(".messages .words")

    @property
    def composer(self) -> Locator:
        return self.find(".composer textarea")

    @property
    def presence(self) -> Locator:
        """The line below the other user's name: whether that user is online."""
        return self.find(".conversation-header .who p")

    @property
    def connection(self) -> Locator:
        """The connection status in an open conversation."""
        return self.find(".conversation .connection")

    async def goes(self, path: str) -> None:
        await self.page.goto(self.url + path)

    async def is_at(self, path: str) -> None:
        """Wait until the path of the address matches this regular expression."""
        await expect(self.page).to_have_url(re.compile(f"^{re.escape(self.url)}{path}$"))

    async def loaded(self) -> None:
        """Wait until the conversation is shown. Before that, new messages are not shown as unsent."""
        await expect(self.find('.conversation[data-phase="ready"]')).to_be_visible()

    async def says(self, text: str) -> None:
        await self.loaded()
        await self.composer.fill(text)
        await self.composer.press("Enter")

    async def sends(self, text: str) -> None:
        """Send a message and wait until it is stored, so that later messages of all users have a higher number."""
        await self.says(text)
        await expect(self.find(".messages .mine:not(.outgoing) .words").last).to_have_text(text)

    async def remember(self, selector: str) -> None:
        """Record every text that an element shows from now on, even for a moment."""
        await self.page.evaluate(REMEMBER, selector)

    async def has_shown(self, text: str) -> None:
        """Wait until the recorded element has shown this text."""
        await self.page.wait_for_function("text => window.remembered.includes(text)", arg=text)

    async def open_other_tab(self, path: str) -> "Tab":
        """Open another tab in the same browser."""
        tab = Tab(await self.context.new_page(), self.context, self.url, self.faults, self.may_fail)
        tab.watch()
        await tab.goes(path)
        return tab


class Tabs:
    """Tabs in separate browser contexts, on a server's pages. Creating one takes longer than most tests, so a returned
    tab is cleared and reused."""

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
        """Return a tab in which this user, or nobody, is signed in."""
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
        """Return the recorded errors of the tab and keep it for reuse."""
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
        except Error:  # the page was still loading another address
            await tab.context.close()
        else:
            tab.faults.clear()
            self._free.append(tab)
        return faults


def _session_of(who: Person) -> str:
    """Return the session in the form in which the pages store it."""
    user = {"id": who.id, "email": who.email, "name": who.name, "role": who.role}
    until = (time.time() + 3000) * 1000
    return json.dumps({"user": user, "access": who.access, "refresh": who.refresh, "until": until})


async def _blank(route: Route) -> None:
    await route.fulfill(content_type="text/html", body='<link rel="icon" href="data:,">')


def _zone_of_noon() -> str:
    """Return a time zone in which it is about noon, so that no test runs across midnight."""
    return f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"
