"""Nothing is cut off, covered or drawn over something else: badges, stacked marks, long forms."""

from io import BytesIO

import pytest
from PIL import Image
from playwright.async_api import expect

from tests.web.tabs import Tab

PHONE = {"width": 360, "height": 640}
ZOOMS = [0.5, 0.8, 1, 1.25, 2, 4]
STACKED = {
    "above": "H" + "\u0301" * 60 + "o" + "\u030b" * 60,
    "below": "u" + "\u0323" * 60 + "s" + "\u032e" * 60,
    "around": "".join(letter + "\u0489\u0334\u0361\u0489" * 15 for letter in "zalgo"),
    "arabic": "ب" + "\u0651\u064e\u0650" * 30,
    "thai": "ก" + "\u0e47\u0e49" * 30,
}
COVERED = """
badge => {
  const isWithin = (inner, outer) => inner.left >= outer.left - 0.6 && inner.right <= outer.right + 0.6;
  const inside = (inner, outer) =>
    isWithin(inner, outer) && inner.top >= outer.top - 2 && inner.bottom <= outer.bottom + 2;
  const range = document.createRange();
  range.selectNodeContents(badge.querySelector('[aria-hidden]') ?? badge);
  const text = range.getBoundingClientRect();
  const box = badge.getBoundingClientRect();
  if (!inside(text, box)) return `text ${JSON.stringify(text)} outside of ${JSON.stringify(box)}`;
  for (let one = badge.parentElement; one; one = one.parentElement) {
    if (getComputedStyle(one).overflowX !== 'visible' && !isWithin(box, one.getBoundingClientRect())) {
      return `cut off by ${one.className}`;
    }
  }
  const over = [...document.querySelectorAll('.icon-button, time, .line-preview')].find((one) => {
    const other = one.getBoundingClientRect();
    return !one.contains(badge) && other.width && other.left < box.right - 0.6 && box.left < other.right - 0.6 &&
      other.top < box.bottom && box.top < other.bottom;
  });
  return over ? `next to ${over.outerHTML.slice(0, 80)}` : '';
}
"""


@pytest.mark.parametrize("count", [7, 42, 105])
async def test_badges_show_their_whole_number_at_every_zoom(opens, brand, influencer, count):
    conversation = brand.opens_chat_with(influencer)
    for number in range(count):
        influencer.says(conversation, f"Message {number} " + "with many words " * 20)
    shown = str(count) if count < 100 else "99+"
    tab = await opens("/chat", brand)
    badges = {"line": tab.find(".line .badge"), "bell": tab.find(".bell .badge")}
    for zoom in ZOOMS:
        await tab.page.set_viewport_size({"width": round(1360 / zoom), "height": round(860 / zoom)})
        for size in ("100%", "200%"):
            await tab.page.evaluate(f"document.documentElement.style.fontSize = '{size}'")
            for place, badge in badges.items():
                await expect(badge).to_contain_text(shown)
                assert await badge.evaluate(COVERED) == "", f"{place} at {zoom}, text at {size}"


@pytest.mark.parametrize("kind", STACKED)
async def test_stacked_marks_stay_inside_their_bubble(opens, brand, influencer, kind):
    conversation = brand.opens_bid_with(influencer, title="Snack box", message=STACKED[kind])
    influencer.says(conversation, STACKED[kind])
    brand.says(conversation, STACKED[kind])
    tab = await opens(f"/chat/{conversation}", brand)
    await tab.loaded()
    bubbles = tab.find(".messages .bubble")
    await expect(bubbles).to_have_count(3)
    for number in range(3):
        assert await _colors_around(tab, bubbles.nth(number)) == 1


async def _colors_around(tab: Tab, bubble) -> int:
    """Return how many colors are in the rows of pixels right above and below an element."""
    await bubble.scroll_into_view_if_needed()
    box = await bubble.bounding_box()
    seen = set()
    for top in (box["y"] - 2, box["y"] + box["height"] + 1):
        clip = {"x": box["x"], "y": round(top), "width": box["width"], "height": 1}
        with Image.open(BytesIO(await tab.page.screenshot(clip=clip))) as picture:
            seen |= {color for _, color in picture.convert("RGB").getcolors(picture.width)}
    return len(seen)


async def test_the_form_for_submitted_work_needs_no_scrolling_on_a_phone(opens, brand, influencer):
    conversation = _at_work(brand, influencer)
    tab = await opens(f"/chat/{conversation}", influencer, viewport=PHONE)
    await tab.find(".action-panel").get_by_role("button", name="Submit work").click()
    dialog = tab.page.get_by_role("dialog")
    form = dialog.locator("form")
    for control in await form.locator("textarea, button").all():
        await expect(control).to_be_in_viewport(ratio=1)
    assert await form.evaluate(SCROLLERS) == []


SIZES = {
    "phone": (PHONE, "100%"),
    "phone with large text": (PHONE, "200%"),
    "phone with a keyboard": ({"width": 360, "height": 340}, "100%"),
    "desktop": ({"width": 1360, "height": 860}, "100%"),
    "desktop, zoomed": ({"width": 680, "height": 430}, "100%"),
}


@pytest.mark.parametrize("kind", SIZES)
async def test_no_form_of_a_deal_is_in_a_scroller_inside_a_scroller(opens, brand, influencer, kind):
    size, text = SIZES[kind]
    conversation = _at_work(brand, influencer)
    tab = await opens(f"/chat/{conversation}", influencer, viewport=size)
    await tab.page.evaluate(f"document.documentElement.style.fontSize = '{text}'")
    await tab.find(".action-panel").get_by_role("button", name="Submit work").click()
    form = tab.page.get_by_role("dialog").locator("form")
    await form.get_by_label("Deliverables").fill("Three reels")
    assert len(await form.evaluate(SCROLLERS)) <= 1
    await form.get_by_label("Description").fill("At dusk")
    await form.get_by_role("button", name="Submit work").click()
    await expect(tab.find(".action-panel")).to_contain_text("Waiting for \u2068Anaya\u2069")
    await expect(tab.page.get_by_role("dialog")).to_have_count(0)
    other = await opens(f"/chat/{conversation}", brand, viewport=size)
    await other.page.evaluate(f"document.documentElement.style.fontSize = '{text}'")
    await other.find(".action-panel").get_by_role("button", name="Request a revision").click()
    form = other.find(".action-panel form")
    await form.get_by_label("What should change").fill("Longer, please")
    assert len(await form.evaluate(SCROLLERS)) <= 1
    await form.locator("[type=submit]").click()
    await expect(other.find(".action-panel")).to_contain_text("Waiting for \u2068Mira\u2069")


SCROLLERS = """
form => {
  const found = [];
  for (let one = form.parentElement; one && one !== document.documentElement; one = one.parentElement) {
    const scrolls = ['auto', 'scroll'].includes(getComputedStyle(one).overflowY);
    if (scrolls && one.scrollHeight > one.clientHeight + 1) found.push(one.className);
  }
  return found;
}
"""


async def test_a_long_form_keeps_its_texts_when_it_is_closed(opens, brand, influencer):
    tab = await opens(f"/chat/{_at_work(brand, influencer)}", influencer)
    button = tab.find(".action-panel").get_by_role("button", name="Submit work")
    await button.click()
    deliverables = tab.page.get_by_role("dialog").get_by_label("Deliverables")
    await deliverables.fill("Three reels")
    await tab.page.keyboard.press("Escape")
    await expect(button).to_be_focused()
    await button.click()
    await expect(deliverables).to_have_value("Three reels")


async def test_a_long_form_closes_when_another_tab_submits_it(opens, brand, influencer):
    conversation = _at_work(brand, influencer)
    tab = await opens(f"/chat/{conversation}", influencer)
    await tab.find(".action-panel").get_by_role("button", name="Submit work").click()
    await expect(tab.page.get_by_role("dialog")).to_be_visible()
    influencer.acts(conversation, "submit_work", deliverables="A story", description="At dusk")
    await expect(tab.page.get_by_role("dialog")).to_have_count(0)
    await expect(tab.find(".action-panel")).to_contain_text("Waiting for \u2068Anaya\u2069")


def _at_work(brand, influencer) -> str:
    conversation = brand.opens_bid_with(influencer)
    influencer.acts(conversation, "accept_connection")
    brand.acts(conversation, "send_project_details", details="A story.")
    influencer.acts(conversation, "accept_project")
    brand.acts(conversation, "send_price_offer", price="100")
    influencer.acts(conversation, "accept_price")
    order = brand.acts(conversation, "proceed_to_payment")["payment"]["order_id"]
    brand.calls("POST", f"/api/payments/sandbox/{order}/pay", {})
    influencer.acts(conversation, "start_work")
    return conversation
