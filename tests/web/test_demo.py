"""The demo: a deal that plays itself or is played by hand, starting at the home page."""

import re

from playwright.async_api import expect

from tests.web.tabs import PLAYED

STAGES = ["Contact", "Project", "Price", "Payment", "Work", "Done"]
FIRST_WORDS = "Hello Anaya! I have ordered from you before, so yes, I am curious."
LAST_STEP = re.compile("approved")


async def test_the_deal_plays_itself_to_the_end_and_can_be_played_again(opens):
    tab = await opens("/demo?pace=0.02")
    await expect(tab.find(".demo-stages .present")).to_have_text("Contact")
    await tab.page.get_by_role("button", name="Play it for me").click()
    end = tab.find(".demo-end")
    await expect(end).to_contain_text("Agreed at ₹21,000.00, paid, delivered and approved.", timeout=PLAYED)
    await expect(tab.find(".demo-stages li")).to_have_text(STAGES)
    await expect(tab.find(".demo-stages .present")).to_have_text("Done")
    heads = [pane.locator(".event-head") for pane in (tab.find(".pane").nth(0), tab.find(".pane").nth(1))]
    for one in heads:
        await expect(one.last).to_have_text(LAST_STEP)
    await expect(heads[0]).to_have_text(await heads[1].all_inner_texts())
    await end.get_by_role("button", name="Play another one").click()
    await expect(tab.find(".demo-stages .present")).to_have_text("Contact")


async def test_the_demo_continues_after_manual_steps_and_a_reload(opens):
    tab = await opens("/demo?pace=0.02")
    await tab.find(".pane.next").get_by_role("button", name="Accept", exact=True).click()
    await expect(tab.find(".pane.next")).to_have_attribute("data-side", "brand_owner")
    await tab.page.reload()
    await expect(tab.find(".demo-stages .present")).to_have_text("Project")
    await tab.page.get_by_role("button", name="Play it for me").click()
    await expect(tab.find(".demo-end")).to_be_visible(timeout=PLAYED)


async def test_the_demo_can_be_paused_within_a_word(opens):
    tab = await opens("/demo?pace=4")
    composer = tab.find(".pane.next .composer textarea")
    await tab.page.get_by_role("button", name="Play it for me").click()
    await expect(composer).to_have_value(re.compile("^Hello"))
    await tab.page.get_by_role("button", name="Pause").click()
    await expect(tab.page.get_by_role("button", name="Play it for me")).to_be_visible()
    written = await composer.input_value()
    assert written != FIRST_WORDS
    # From here on the deal is played by hand, and the demo does not interfere.
    await tab.find(".pane.next").get_by_role("button", name="Accept", exact=True).click()
    await expect(tab.find(".demo-stages .present")).to_have_text("Project")
    await expect(tab.find('.pane[data-side="influencer"] .composer textarea')).to_have_value(written)


async def test_the_demo_plays_a_refund_and_a_dispute(opens):
    tab = await opens("/demo?pace=0.02")
    await tab.page.get_by_role("button", name="Play it for me").click()
    await expect(tab.find(".demo-end")).to_be_visible(timeout=PLAYED)
    sides = [tab.find(".pane").nth(0), tab.find(".pane").nth(1)]
    for button, told in (
        ("Refund ₹2,100.00", "₹2,100.00 of the payment was refunded. ₹18,900.00 remains."),
        ("Open a dispute", "The payment of ₹21,000.00 is disputed."),
        ("End the dispute: lost", "The dispute took back the payment."),
    ):
        await tab.page.get_by_role("button", name=button).click()
        for side in sides:
            await expect(side.locator(".event-head").last).to_contain_text(told)
    await expect(tab.find(".demo-money")).to_have_count(0)


async def test_a_user_who_waits_withdraws_the_request(opens):
    tab = await opens("/demo")
    panel = tab.find('.pane[data-side="brand_owner"] .action-panel')
    await panel.get_by_role("button", name="Withdraw request").click()
    await panel.locator("form [type=submit]").click()
    await expect(tab.find(".demo-end")).to_contain_text("ended without an agreement")


async def test_a_declined_deal_ends_the_demo(opens):
    tab = await opens("/demo")
    panel = tab.find(".pane.next .action-panel")
    await panel.get_by_role("button", name="Decline").click()
    await panel.locator("form [type=submit]").click()
    await expect(tab.find(".demo-end")).to_contain_text("ended without an agreement")


async def test_on_a_narrow_screen_one_participant_is_shown_at_a_time(opens):
    tab = await opens("/demo", viewport={"width": 390, "height": 800})
    await expect(tab.find(".pane:visible")).to_have_count(1)
    await expect(tab.find(".pane:visible")).to_have_attribute("data-side", "influencer")
    await tab.page.get_by_role("button", name="Brand owner").click()
    await expect(tab.find(".pane:visible")).to_have_attribute("data-side", "brand_owner")


async def test_the_messages_are_visible_at_the_end_on_a_narrow_screen(opens):
    tab = await opens("/demo?pace=0.02", viewport={"width": 360, "height": 740})
    await tab.page.get_by_role("button", name="Play it for me").click()
    await expect(tab.find(".demo-money")).to_be_visible(timeout=PLAYED)
    await expect(tab.find(".demo-end")).to_be_visible(timeout=PLAYED)
    box = await tab.find(".pane:visible .messages").bounding_box()
    assert box is not None
    assert box["height"] > 150
    buttons = [await one.bounding_box() for one in await tab.find(".demo-money button").all()]
    part, rest, dispute = [box for box in buttons if box is not None]
    assert (part["y"], part["width"], part["height"]) == (rest["y"], rest["width"], rest["height"])
    assert part["x"] >= 0
    assert (dispute["x"], dispute["width"]) == (part["x"], rest["x"] + rest["width"] - part["x"])
    assert dispute["x"] + dispute["width"] <= 360


async def test_the_end_of_the_demo_links_to_the_chat_and_the_api(opens):
    tab = await opens("/demo")
    panel = tab.find(".pane.next .action-panel")
    await panel.get_by_role("button", name="Decline").click()
    await panel.locator("form [type=submit]").click()
    await expect(tab.find(".demo-end").get_by_role("link", name="Use the API")).to_have_attribute("href", "/developers")
    await tab.find(".demo-end").get_by_role("link", name="Open it in the chat").click()
    await tab.is_at(r"/sign-in\?next=.*")
