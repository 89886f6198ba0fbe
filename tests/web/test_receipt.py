"""The receipt page: what it shows, its download, and its states."""

import io
import re
from typing import Any

import pytest
from playwright.async_api import Route, expect
from pypdf import PdfReader

from tests.harness.people import Person
from tests.web.tabs import Tab
from tests.web.test_accessibility import NARROW, faults

RECEIPT = "**/api/conversations/*/receipt"
NOTHING_PAID = "Nothing has been paid in this conversation, so there is no receipt."


def paid_deal(brand: Person, influencer: Person, *, price: str = "18000.50", **given: Any) -> tuple[str, str]:
    """Play a deal up to its payment. Returns its path and the number of its order."""
    conversation = brand.opens_bid_with(influencer, **{"title": "Snack box", **given})
    influencer.acts(conversation, "accept_connection")
    brand.acts(conversation, "send_project_details", details="A story.")
    influencer.acts(conversation, "accept_project")
    brand.acts(conversation, "send_price_offer", price=price)
    influencer.acts(conversation, "accept_price")
    order = brand.acts(conversation, "proceed_to_payment")["payment"]["order_id"]
    brand.calls("POST", f"/api/payments/sandbox/{order}/pay", {})
    return f"/chat/{conversation}", order


async def facts(tab: Tab) -> dict[str, str]:
    """Return the displayed facts and sums by label."""
    rows = await tab.find(".receipt dl > div").all()
    found = [[await row.locator(part).text_content() for part in ("dt", "dd")] for row in rows]
    return {(label or "").strip(): (value or "").strip() for label, value in found}


async def test_both_sides_open_the_receipt_from_the_deal(opens, brand, influencer):
    path, order = paid_deal(brand, influencer)
    for who in (brand, influencer):
        tab = await opens(path, who)
        await tab.find(".deal").get_by_role("link", name="Receipt").click()
        await tab.is_at(f"{path}/receipt")
        await expect(tab.page.get_by_role("heading", name="Receipt")).to_be_visible()
        await expect(tab.find(".receipt header")).to_contain_text("This receipt is not an invoice.")
        shown = await facts(tab)
        assert re.search(r"\d{4}", shown.pop("Issued"))
        assert shown == {
            "Deal": "Snack box",
            "Brand owner": "Anaya",
            "Influencer": "Mira",
            "Order": order,
            "Provider": "sandbox",
            "Paid in total": "₹18,000.50",
            "Refunded in total": "₹0.00",
            "Remaining": "₹18,000.50",
        }
        await expect(tab.find(".receipt tr")).to_have_count(1)
        await tab.page.get_by_role("link", name="Back to the conversation").click()
        await tab.is_at(path)


async def test_a_refund_is_shown(opens, brand, influencer):
    path, order = paid_deal(brand, influencer, price="1000.5", currency="HUF")
    brand.calls("POST", f"/api/payments/sandbox/{order}/pay", {"type": "payment.refunded"})
    tab = await opens(f"{path}/receipt", influencer)
    await expect(tab.find(".receipt th")).to_have_text(["Paid", "Refunded"])
    await expect(tab.find(".receipt td:last-child")).to_have_text(["HUF\u00a01,000.50"] * 2)
    shown = await facts(tab)
    assert (shown["Refunded in total"], shown["Remaining"]) == ("HUF\u00a01,000.50", "HUF\u00a00.00")


async def test_large_sums_stay_on_one_line_on_a_narrow_screen(opens, brand, influencer):
    path, order = paid_deal(brand, influencer, price="99999999.99")
    brand.calls("POST", f"/api/payments/sandbox/{order}/pay", {"type": "payment.dispute_lost"})
    tab = await opens(f"{path}/receipt", brand, viewport={"width": 360, "height": 740})
    lost = tab.find(".receipt .sums dd", has_text="₹99,999,999.99").last
    lines = "sum => { const all = new Range(); all.selectNodeContents(sum); return all.getClientRects().length; }"
    assert await lost.evaluate(lines) == 1
    assert await tab.page.evaluate("document.documentElement.scrollWidth") <= 360


async def test_the_pdf_is_downloaded(opens, brand, influencer):
    path, order = paid_deal(brand, influencer)
    tab = await opens(f"{path}/receipt", brand)
    async with tab.page.expect_download() as started:
        await tab.page.get_by_role("button", name="Download PDF").click()
    download = await started.value
    assert download.suggested_filename == f"receipt-{path.removeprefix('/chat/')}.pdf"
    content = (await download.path()).read_bytes()
    text = PdfReader(io.BytesIO(content)).pages[0].extract_text()
    assert order in text
    assert "₹18,000.50" in text


async def test_a_failed_download_is_reported(opens, brand, influencer):
    path, _ = paid_deal(brand, influencer)
    tab = await opens(f"{path}/receipt", brand, may_fail=True)
    await expect(tab.find(".receipt")).to_be_visible()
    busy = {"success": False, "code": "server_error", "message": "Too many receipts are being created right now."}
    await tab.page.route(RECEIPT, lambda route: route.fulfill(status=503, json=busy))
    await tab.page.get_by_role("button", name="Download PDF").click()
    await expect(tab.page.get_by_role("alert")).to_have_text(busy["message"])
    await expect(tab.find(".receipt")).to_be_visible()


async def test_before_a_payment_the_page_says_that_there_is_no_receipt(opens, brand, influencer):
    path = f"/chat/{brand.opens_bid_with(influencer)}"
    tab = await opens(f"{path}/receipt", influencer, may_fail=True)
    await expect(tab.page.get_by_role("heading", name="There is no receipt")).to_be_visible()
    await expect(tab.page.get_by_role("alert")).to_contain_text(NOTHING_PAID)
    await expect(tab.page.get_by_role("button", name="Try again")).to_have_count(0)
    await tab.page.get_by_role("link", name="Back to the conversation").click()
    await tab.is_at(path)
    await expect(tab.find(".deal").get_by_role("link", name="Receipt")).to_have_count(0)


async def test_the_receipt_of_others_is_not_found(opens, brand, influencer, person):
    path, order = paid_deal(brand, influencer)
    tab = await opens(f"{path}/receipt", person(name="Dev"), may_fail=True)
    await expect(tab.page.get_by_role("alert")).to_contain_text("There is no such conversation.")
    assert order not in await tab.page.content()


async def test_without_a_connection_the_page_can_try_again(opens, brand, influencer):
    path, _ = paid_deal(brand, influencer)
    tab = await opens("/", brand, may_fail=True)
    await tab.page.route(RECEIPT, lambda route: route.abort())
    await tab.goes(f"{path}/receipt")
    await expect(tab.page.get_by_role("alert")).to_contain_text("The server cannot be reached right now.")
    await tab.page.unroute(RECEIPT)
    await tab.page.get_by_role("button", name="Try again").click()
    await expect(tab.find(".receipt")).to_be_visible()
    await expect(tab.page.get_by_role("button", name="Try again")).to_have_count(0)


async def test_the_page_says_that_the_receipt_is_loading(opens, brand, influencer):
    path, _ = paid_deal(brand, influencer)
    tab = await opens("/", brand)
    held: list[Route] = []

    async def hold(route: Route) -> None:
        held.append(route)

    await tab.page.route(RECEIPT, hold)
    await tab.goes(f"{path}/receipt")
    await expect(tab.page.get_by_role("status")).to_have_text("The receipt is loading.")
    await held[0].continue_()
    await expect(tab.find(".receipt")).to_be_visible()
    await expect(tab.page.get_by_role("status")).to_have_count(0)


async def test_a_visitor_signs_in_first(opens, brand, influencer):
    path, _ = paid_deal(brand, influencer)
    tab = await opens(f"{path}/receipt")
    await tab.page.wait_for_url(f"**/sign-in?next={path.replace('/', '%2F')}%2Freceipt")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("direction", ["ltr", "rtl"])
async def test_axe_finds_nothing_and_the_page_fits_a_narrow_screen(opens, brand, influencer, theme, direction):
    path, order = paid_deal(brand, influencer, title="व्यंजन محمد " + "x" * 180, price="99999999.99")
    brand.calls("POST", f"/api/payments/sandbox/{order}/pay", {"type": "payment.refunded"})
    tab = await opens(f"{path}/receipt", brand, color_scheme=theme, viewport=NARROW)
    await tab.page.evaluate(f"document.documentElement.dir = '{direction}'")
    await expect(tab.find(".receipt tr")).to_have_count(2)
    assert await faults(tab) == []
    assert await tab.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_only_the_receipt_is_printed(opens, brand, influencer):
    path, _ = paid_deal(brand, influencer)
    tab = await opens(f"{path}/receipt", brand, color_scheme="dark")
    await expect(tab.find(".receipt")).to_be_visible()
    tab.is_spent = True
    await tab.page.emulate_media(media="print", color_scheme="dark")
    await expect(tab.page.get_by_role("button", name="Print")).to_be_hidden()
    await expect(tab.find(".site-header")).to_be_hidden()
    ink = await tab.find(".receipt").evaluate("one => getComputedStyle(one).color")
    assert ink == "rgb(28, 33, 31)"
    printed = PdfReader(io.BytesIO(await tab.page.pdf()))
    assert len(printed.pages) == 1
    assert "18,000.50" in printed.pages[0].extract_text()


async def test_the_keyboard_reaches_everything(opens, brand, influencer):
    path, _ = paid_deal(brand, influencer)
    tab = await opens(f"{path}/receipt", brand)
    await tab.page.get_by_role("button", name="Download PDF").focus()
    for role, name in (("button", "Print"), ("link", "Back to the conversation")):
        await tab.page.keyboard.press("Tab")
        await expect(tab.page.get_by_role(role, name=name)).to_be_focused()
    await tab.page.keyboard.press("Enter")
    await tab.is_at(path)
