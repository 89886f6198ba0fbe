"""The field of a price: what it reads, what it shows, and when it asks."""

# ruff: noqa: RUF001 (digits of other scripts)

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.async_api import Locator, Route, expect

from tests.web.tabs import Tab
from tests.web.test_accessibility import NARROW, faults

FORMATTED = "([amount, currency]) => import('/static/app/format.js').then((one) => one.price(amount, currency))"
QUESTION = "Which amount do you mean?"


class Field:
    """The price field of the action panel."""

    def __init__(self, tab: Tab) -> None:
        self.tab = tab
        self.panel = tab.find(".action-panel")
        self.input = self.panel.get_by_label("Price")
        self.status = self.panel.get_by_role("status")
        self.fault = self.panel.locator(".fault")

    @property
    def options(self) -> Locator:
        return self.panel.get_by_role("group", name=QUESTION).get_by_role("button")

    async def submit(self) -> None:
        await self.panel.locator("form [type=submit]").click()


async def price_field(
    opens: Callable[..., Any],
    brand: Any,
    influencer: Any,
    *,
    language: str = "en",
    currency: str = "INR",
    **options: Any,
) -> tuple[str, Field]:
    """Open a deal at its first offer, on a page in this language."""
    conversation = brand.opens_bid_with(influencer, title="Snack box", currency=currency)
    influencer.acts(conversation, "accept_connection")
    brand.acts(conversation, "send_project_details", details="A story.")
    influencer.acts(conversation, "accept_project")
    tab = await opens("/", brand, **options)
    texts = f"document.documentElement.lang = '{language}';"
    await tab.page.route("**/texts.js", lambda route: route.fulfill(content_type="text/javascript", body=texts))
    await tab.goes(f"/chat/{conversation}")
    return conversation, Field(tab)


def offered(brand: Any, conversation: str) -> list[tuple[str, str]]:
    deal = brand.reads(f"/api/conversations/{conversation}/deal")["deal"]
    return [(one["amount"], one["currency"]) for one in deal["offers"]]


@pytest.mark.parametrize(
    ("language", "currency", "typed", "shown", "amount"),
    [
        ("en", "INR", "18,000", "₹18,000.00", "18000.00"),
        ("en", "KWD", "10.125", "KWD\u00a010.125", "10.125"),
        ("en", "HUF", "1000.5", "HUF\u00a01,000.50", "1000.50"),
        ("hi", "INR", "१८०००", "₹18,000.00", "18000.00"),
        ("hi", "INR", "1,00,000.50", "₹1,00,000.50", "100000.50"),
        ("de", "EUR", "18.000,50", "18.000,50\u00a0€", "18000.50"),
        ("fr", "INR", "18 000", "18\u202f000,00\u00a0₹", "18000.00"),
        ("ar", "KWD", "١٠٫١٢٥", "\u200f10.125\u00a0KWD", "10.125"),
        ("ja", "JPY", "１８，０００", "JP¥18,000", "18000"),
    ],
)
async def test_a_price_is_read_in_the_language_of_the_page(
    opens, brand, influencer, language, currency, typed, shown, amount
):
    conversation, field = await price_field(opens, brand, influencer, language=language, currency=currency)
    await field.input.fill(typed)
    await expect(field.status).to_have_text(f"Amount: {shown}")
    assert await field.status.text_content() == f"Amount: {shown}"
    await field.submit()
    await expect(field.panel).to_have_text(re.compile("^Waiting for "))
    assert offered(brand, conversation) == [(amount, currency)]
    assert await field.tab.page.evaluate(FORMATTED, [amount, currency]) == shown
    assert await field.tab.find(".offers strong").text_content() == shown


async def test_an_open_amount_is_asked_about_and_chosen_with_the_keyboard(opens, brand, influencer):
    conversation, field = await price_field(opens, brand, influencer)
    await field.input.focus()
    await field.tab.page.keyboard.type("1.500")
    await expect(field.status).to_have_text(QUESTION)
    await field.tab.page.keyboard.press("Enter")
    await expect(field.fault).to_have_text("Choose the amount that you mean.")
    await expect(field.input).to_be_focused()
    assert offered(brand, conversation) == []
    await expect(field.options).to_have_text(["₹1,500.00", "₹1.50"])
    for option in (0, 1):
        await field.tab.page.keyboard.press("Tab")
        await expect(field.options.nth(option)).to_be_focused()
    await field.tab.page.keyboard.press("Shift+Tab")
    await field.tab.page.keyboard.press("Enter")
    await expect(field.input).to_be_focused()
    await expect(field.input).to_have_value("1,500.00")
    await expect(field.status).to_have_text("Amount: ₹1,500.00")
    await expect(field.options).to_have_count(0)
    await expect(field.fault).to_be_hidden()
    assert offered(brand, conversation) == []
    await field.tab.page.keyboard.press("Enter")
    await expect(field.panel).to_have_text(re.compile("^Waiting for "))
    assert offered(brand, conversation) == [("1500.00", "INR")]


async def test_typing_on_answers_the_question(opens, brand, influencer):
    _, field = await price_field(opens, brand, influencer, language="de", currency="EUR")
    await field.input.press_sequentially("1,500")
    await expect(field.options).to_have_text(["1.500,00\u00a0€", "1,50\u00a0€"])
    await field.input.press("Backspace")
    await expect(field.status).to_have_text("Amount: 1,50\u00a0€")
    await expect(field.options).to_have_count(0)


async def test_screen_readers_hear_the_amount_and_the_question(opens, brand, influencer):
    _, field = await price_field(opens, brand, influencer)
    await expect(field.status).to_have_text("")
    await field.input.fill("18000")
    await expect(field.input).to_have_accessible_description("Amount: ₹18,000.00")
    await field.input.fill("18.000")
    await field.submit()
    await expect(field.input).to_have_accessible_description(f"{QUESTION} Choose the amount that you mean.")
    await expect(field.input).to_have_attribute("aria-invalid", "true")


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_axe_finds_nothing_beside_a_question_on_a_narrow_screen(opens, brand, influencer, theme):
    _, field = await price_field(opens, brand, influencer, viewport=NARROW, color_scheme=theme)
    await field.tab.page.evaluate("document.documentElement.dir = 'rtl'")
    await field.input.fill("99.999.999")
    await expect(field.status).to_have_text("Amount: ₹99,999,999.00")
    await field.input.fill("999.999")
    await field.submit()
    await expect(field.options).to_have_text(["₹999,999.00"])
    assert await faults(field.tab) == []
    assert await field.tab.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_the_bounds_of_the_server_are_shown_in_the_language_of_the_page(opens, brand, influencer):
    conversation, field = await price_field(opens, brand, influencer, language="de", currency="HUF")
    await field.tab.page.route("**/api/conversations/*", _with_bounds)
    await field.tab.page.route("**/socket.io/**", lambda route: route.abort())
    field.tab.may_fail = True
    await field.tab.page.reload()
    wrong = {
        "174,99": "At least 175,00\u00a0HUF.",
        "1.000.000,01": "At most 1.000.000,00\u00a0HUF.",
        "1.000,50": "Only multiples of 1,00\u00a0HUF.",
        "viel": "Enter a price in digits, such as 18000 or 99,50.",
    }
    for typed, fault in wrong.items():
        await field.input.fill(typed)
        await field.submit()
        await expect(field.fault).to_have_text(fault)
    assert offered(brand, conversation) == []


async def _with_bounds(route: Route) -> None:
    answer = await route.fetch()
    body = await answer.json()
    for action in body["conversation"]["available_actions"]:
        for field in action["inputs"]:
            field.update(min="175.00", max="1000000.00", step="1.00")
    await route.fulfill(response=answer, body=json.dumps(body))
