"""Browser tabs, and what they complain of."""

import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect

from tests.web.people import Person

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

expect.set_options(timeout=WAIT)


@dataclass
class Tab:
    """A page, and the faults that it told of; those of the network count unless the test is about them."""

    page: Page
    context: BrowserContext
    faults: list[str] = field(default_factory=list)
    may_fail: bool = False

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
        return self.find(".messages > .message")

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
        await expect(self.find(".messages > .mine:not(.outgoing) .words").last).to_have_text(text)

    async def remember(self, selector: str) -> None:
        """Keep every text that an element shows from now on, also if it is for a moment only."""
        await self.page.evaluate(REMEMBER, selector)

    async def has_shown(self, text: str) -> None:
        """Wait until the element that is remembered has shown this."""
        await self.page.wait_for_function("text => window.remembered.includes(text)", arg=text)

    async def beside(self, path: str) -> "Tab":
        """Another tab of the same browser."""
        tab = Tab(await self.context.new_page(), self.context, self.faults, self.may_fail)
        tab.watch()
        await tab.page.goto(self.page.url.split("/chat")[0] + path)
        return tab


def _zone_of_noon() -> str:
    """A time zone in which midnight is far away: no test sees two days where it expects one."""
    return f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"


async def tab_of(browser: Browser, who: Person | None, *, may_fail: bool = False, **options: object) -> Tab:
    """A tab in a browser of its own, in which somebody is signed in."""
    given: dict[str, object] = {
        "viewport": SIZE,
        "color_scheme": "light",
        "reduced_motion": "reduce",
        "timezone_id": _zone_of_noon(),
    }
    context = await browser.new_context(**given | options)
    context.set_default_timeout(WAIT)
    if who is not None:
        kept = json.dumps(who.tokens | {"until": (time.time() + 3000) * 1000})
        script = (
            f"if (!localStorage.getItem('stoory.session')) localStorage.setItem('stoory.session', {json.dumps(kept)})"
        )
        await context.add_init_script(script)
    tab = Tab(await context.new_page(), context, may_fail=may_fail)
    tab.watch()
    return tab
