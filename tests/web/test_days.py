"""Dates that are relative to the current day, in a tab that stays open past midnight."""

from datetime import UTC, datetime, timedelta

from playwright.async_api import expect

from tests.web.tabs import Tab


async def late(opens, path, who) -> Tab:
    """Open a tab in which it is a minute before midnight."""
    tab = await opens("/", who)
    tab.is_spent = True
    midnight = await tab.page.evaluate("new Date().setHours(24, 0, 0, 0)")
    await tab.page.clock.install(time=datetime.fromtimestamp(midnight / 1000, UTC) - timedelta(minutes=1))
    await tab.goes(path)
    return tab


async def test_at_midnight_today_becomes_yesterday(opens, brand, influencer):
    conversation = brand.opens_bid_with(influencer, title="Snack box", message="Interested?")
    influencer.says(conversation, "Yes!")
    tab = await late(opens, f"/chat/{conversation}", brand)
    heading = tab.find(".messages .day")
    times = [tab.find(f"{place} time").first for place in (".line-head", ".steps li", ".notification")]
    await expect(heading).to_have_text("Today")
    for shown in times:
        await expect(shown).to_contain_text(":")
    await tab.composer.fill("Half a sent")
    await tab.page.clock.fast_forward("02:00")
    for shown in (heading, *times):
        await expect(shown).to_have_text("Yesterday")
    await expect(tab.composer).to_have_value("Half a sent")
    await tab.page.clock.fast_forward("24:00:00")
    for shown in (heading, *times):
        await expect(shown).not_to_have_text("Yesterday")


async def test_a_device_that_wakes_up_shows_the_current_day(opens, brand, influencer):
    influencer.says(brand.opens_chat_with(influencer), "Hello")
    tab = await late(opens, "/chat", brand)
    shown = tab.find(".line-head time")
    await expect(shown).to_contain_text(":")
    tomorrow = await tab.page.evaluate("Date.now() + 8 * 3_600_000")
    # The clock has moved on, and no timer of the page has run.
    await tab.page.clock.set_fixed_time(datetime.fromtimestamp(tomorrow / 1000, UTC))
    await tab.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await expect(shown).to_have_text("Yesterday")
