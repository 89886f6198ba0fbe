"""All texts of the client go through the catalogue, so they can be translated."""

import re
from collections.abc import Iterator
from typing import Any

from playwright.async_api import Route, expect

from tests.web.tabs import Tab

CATALOGUE = """
window.gettext = (text) => `⟦${text}⟧`;
window.ngettext = (one, many, count) => `⟦${count === 1 ? one : many}⟧`;
"""
SHOWN = """
() => {
  const shown = [];
  for (const part of document.querySelectorAll('.chat, dialog')) {
    const walker = document.createTreeWalker(part, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) shown.push(walker.currentNode.textContent);
    for (const name of ['aria-label', 'title', 'placeholder', 'alt'])
      for (const element of part.querySelectorAll(`[${name}]`)) shown.push(element.getAttribute(name));
  }
  return shown;
}
"""
OF_NO_LANGUAGE = re.compile(r"[\d\s·₹.,:+]*|AR?|M|[\d:]+ [AP]M|\w{3} \d+, \d{4}, [\d:]+ [AP]M|\d+ KB")
"""Numbers, prices, times (formatted in the language of the page) and initials."""


async def test_every_text_of_the_client_can_be_translated(opens, brand, influencer):
    conversation = brand.opens_bid_with(influencer, title="Snack box", message="Interested?")
    influencer.acts(conversation, "accept_connection")
    brand.acts(conversation, "send_project_details", details="A story.")
    influencer.acts(conversation, "accept_project")
    brand.opens_chat_with(influencer)
    tab = await opens("/", brand)
    await tab.page.route("**/texts.js", _pseudo_translated)
    await tab.goes(f"/chat/{conversation}")
    await tab.sends("Hello")
    await expect(tab.find(".steps li")).to_have_count(4)
    await tab.find(".action-panel form [type=submit]").click()
    path = f"/api/conversations/{conversation}"
    told = (brand.sees(conversation), brand.messages(conversation), brand.reads(f"{path}/deal"))
    of_the_server = {brand.email, *_words([*told, brand.reads(f"{path}/events", limit=200)])}
    await tab.page.get_by_role("button", name="⟦New conversation⟧").click()
    await expect(tab.page.get_by_role("option", name="in your conversations")).to_be_visible()
    assert await _untranslated(tab, of_the_server) == []
    await tab.page.get_by_role("combobox", name="⟦With whom⟧").fill("nobody at all")
    await expect(tab.page.get_by_text("⟦Nobody was found")).to_be_visible()
    await tab.page.get_by_role("button", name="⟦Start⟧").click()
    assert await _untranslated(tab, of_the_server) == []
    await tab.page.get_by_role("button", name="⟦Close⟧").click()
    await tab.page.get_by_role("button", name="Anaya").click()
    await tab.page.get_by_role("checkbox").uncheck()
    await expect(tab.page.get_by_text("⟦Saved.⟧")).to_be_visible()
    assert await _untranslated(tab, of_the_server) == []


async def _pseudo_translated(route: Route) -> None:
    await route.fulfill(content_type="text/javascript", body=CATALOGUE)


async def _untranslated(tab: Tab, of_the_server: set[str]) -> list[str]:
    shown = [text.strip() for text in await tab.page.evaluate(SHOWN)]
    assert sum("⟦" in text for text in shown) > 50
    return [
        text
        for text in shown
        if "⟦" not in text and not OF_NO_LANGUAGE.fullmatch(text) and text.removesuffix(":") not in of_the_server
    ]


def _words(answer: Any) -> Iterator[str]:
    """Yield every text of a response, and its paragraphs."""
    if isinstance(answer, str):
        yield answer
        yield from answer.split("\n\n")
    elif isinstance(answer, list):
        for one in answer:
            yield from _words(one)
    elif isinstance(answer, dict):
        yield from _words(list(answer.values()))
