"""Pictures of every page in light and dark, for the documentation: `make screenshots`."""

import asyncio
import sys
import tempfile
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright

from stoory.demo_conversations import DEV, LEELA, MIRA
from tests.harness.environment import ROOT, chromium
from tests.harness.servers import embedded
from tests.web.tabs import ARGUMENTS

FOLDER = ROOT / "docs" / "screenshots"
WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 390, "height": 780}
THEMES = ("light", "dark")
ADMIN_SHOWS = "Trail mix for long runs"
"""The title of the conversation in the picture of the admin."""
MOST_BYTES = 300_000
PLAY_UNTIL = """
title => new Promise((done) => {
  const play = document.querySelector('.demo-controls button');
  const watch = new MutationObserver(() => {
    const panels = [...document.querySelectorAll('.action-panel:has(.buttons)')];
    if (!panels.some((one) => one.querySelector('h3').textContent.startsWith(title))) return;
    watch.disconnect();
    play.click();
    done();
  });
  watch.observe(document.body, { childList: true, subtree: true });
  play.click();
})
"""


class Photographer:
    """Takes one series of pictures in one theme."""

    def __init__(self, browser: Browser, url: str, theme: str) -> None:
        self._browser, self._url, self._theme = browser, url, theme

    async def page(self, size: dict[str, int] = WIDE) -> Page:
        context = await self._browser.new_context(
            viewport=size, color_scheme=self._theme, reduced_motion="reduce", locale="en-GB"
        )
        return await context.new_page()

    async def keep(self, page: Page, name: str) -> None:
        await page.evaluate("document.fonts.ready")
        await page.wait_for_load_state("networkidle")
        path = FOLDER / f"{name}-{self._theme}.png"
        await page.screenshot(path=path)
        if path.stat().st_size > MOST_BYTES:
            raise RuntimeError(f"{path} is larger than {MOST_BYTES} bytes.")

    async def plain_pages(self) -> None:
        page = await self.page()
        for name, path in {
            "home": "/",
            "developers": "/developers",
            "sign-in": "/sign-in",
            "register": "/register",
        }.items():
            await page.goto(self._url + path)
            await self.keep(page, name)

    async def signed_in(self, size: dict[str, int] = WIDE) -> Page:
        page = await self.page(size)
        await page.goto(f"{self._url}/sign-in")
        await page.get_by_role("button", name="Anaya Rao").click()
        await page.locator(".line").first.wait_for()
        return page

    async def chat(self) -> None:
        page = await self.signed_in()
        await self.keep(page, "chat")
        await page.get_by_role("button", name="New conversation").click()
        await page.get_by_role("combobox", name="With whom").fill(MIRA[:2])
        await page.get_by_text("1 person found.").wait_for()
        await page.keyboard.press("ArrowDown")
        await self.keep(page, "new-conversation")
        await page.get_by_role("button", name="Close").click()
        await page.locator(".line:not(:has(.line-title))", has_text=MIRA).click()
        await page.locator(".messages .message").last.wait_for()
        await self.keep(page, "conversation")
        await page.locator(".line", has_text=LEELA).click()
        await page.locator(".action-panel h3").wait_for()
        await page.locator(".offers strong").wait_for()
        await self.keep(page, "deal")

    async def phone(self) -> None:
        page = await self.signed_in(NARROW)
        await self.keep(page, "phone-list")
        await page.locator(".line:has(.line-title)", has_text=DEV).click()
        await page.locator(".action-panel").wait_for()
        await self.keep(page, "phone-deal")

    async def demo(self) -> None:
        page = await self.page()
        await page.goto(f"{self._url}/demo?pace=0.05")
        await page.locator(".pane.next .action-panel button").first.wait_for()
        await page.evaluate(PLAY_UNTIL, "Counter-offer")
        await page.get_by_role("button", name="Play it for me").wait_for()
        await self.keep(page, "demo")

    async def admin(self) -> None:
        page = await self.page()
        await page.goto(f"{self._url}/admin/conversations/conversation/")
        await page.locator("#id_username").fill("admin@example.com")
        await page.locator("#id_password").fill("stoory-demo-2026")
        await page.locator("input[type=submit]").click()
        await page.locator("#result_list a", has_text=ADMIN_SHOWS).click()
        await self.keep(page, "admin")


async def photograph(url: str, theme: str) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        one = Photographer(browser, url, theme)
        for series in (one.plain_pages, one.chat, one.phone, one.demo, one.admin):
            await series()
        await browser.close()


def main() -> int:
    if chromium() is None:
        sys.stderr.write("No Chromium is installed (on Debian: apt-get install chromium).\n")
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    # Each theme has its own server, because messages viewed in one theme would be read in the next.
    for theme in THEMES:
        with tempfile.TemporaryDirectory() as directory, embedded(Path(directory)) as installation:
            installation.manage("demo")
            with installation.serving() as server:
                asyncio.run(photograph(server.url, theme))
    sys.stdout.write("".join(f"{path.relative_to(ROOT)}\n" for path in sorted(FOLDER.glob("*.png"))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
