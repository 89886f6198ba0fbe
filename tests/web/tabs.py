"""Browser tabs, and what they complain of."""

import json
import time
from dataclasses import dataclass, field

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
WAIT = 20_000
"""Milliseconds after which a test gives up waiting for something that should happen at once."""

SIZE = {"width": 1360, "height": 860}
_OF_THE_NETWORK = ("Failed to load resource", "WebSocket connection to", "net::ERR_")

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

    async def says(self, text: str) -> None:
        await self.composer.fill(text)
        await self.composer.press("Enter")

    async def beside(self, path: str) -> "Tab":
        """Another tab of the same browser."""
        tab = Tab(await self.context.new_page(), self.context, self.faults, self.may_fail)
        tab.watch()
        await tab.page.goto(self.page.url.split("/chat")[0] + path)
        return tab


async def tab_of(browser: Browser, who: Person | None, *, may_fail: bool = False, **options: object) -> Tab:
    """A tab in a browser of its own, in which somebody is signed in."""
    given: dict[str, object] = {"viewport": SIZE, "color_scheme": "light", "reduced_motion": "reduce"}
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
