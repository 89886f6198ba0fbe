"""A whole deal in two browsers, and the validation of its forms."""

import re
from collections.abc import Callable
from typing import Any

from playwright.async_api import Route, expect

from tests.harness.people import Person
from tests.web.tabs import Tab


async def press(tab: Tab, name: str) -> None:
    await tab.find(".action-panel").get_by_role("button", name=name, exact=True).click()


async def give(tab: Tab, **values: str) -> None:
    """Fill in the form of the action, by the labels of its fields, and submit it."""
    for label, value in values.items():
        await tab.find(".action-form").get_by_label(label.replace("_", " ")).fill(value)
    await tab.find(".action-form [type=submit]").click()


async def asked(tab: Tab, title: str) -> None:
    await expect(tab.find(".action-panel h3")).to_have_text(title)


async def waits(tab: Tab) -> None:
    await expect(tab.find(".action-panel")).to_have_text(re.compile("^Waiting for "))


def offers_a_price(brand: Person, influencer: Person, conversation: str) -> None:
    """Lead a new deal to the brand owner's first offer, over REST."""
    influencer.acts(conversation, "accept_connection")
    brand.acts(conversation, "send_project_details", details="A story.")
    influencer.acts(conversation, "accept_project")
    brand.acts(conversation, "send_price_offer", price="100")


async def deal(opens: Callable[..., Any], brand: Any, influencer: Any) -> tuple[str, Tab, Tab]:
    conversation = brand.opens_bid_with(influencer, title="Snack box", proposed_amount="18000")
    path = f"/chat/{conversation}"
    return conversation, await opens(path, brand), await opens(path, influencer)


async def test_a_deal_from_first_contact_to_free_chat_with_a_reload_and_a_lost_connection(opens, brand, influencer):
    conversation, anaya, mira = await deal(opens, brand, influencer)
    await waits(anaya)
    await press(mira, "Accept")
    await give(anaya, Project_details="Three reels and a story.")
    await press(mira, "Accept project")
    await give(anaya, Price="18000")
    await expect(mira.find(".action-panel h3")).to_contain_text("₹18,000.00")

    await mira.page.reload()
    await press(mira, "Negotiate")
    await press(anaya, "Negotiate")
    await give(mira, Your_price="24000")

    for tab in (anaya, mira):
        tab.may_fail = True
    await anaya.context.set_offline(True)
    await expect(anaya.connection).to_contain_text("You are offline")
    await mira.sends("Are you still there?")
    await anaya.context.set_offline(False)
    await expect(anaya.words.last).to_have_text("Are you still there?")
    await press(anaya, "Make a final offer")
    await give(anaya, Price="21000")
    await press(mira, "Accept final offer")

    await press(anaya, "Proceed to payment")
    await anaya.page.get_by_role("dialog").get_by_role("button", name="Pay ₹21,000.00").click()
    await press(mira, "Start work")
    await press(mira, "Submit work")
    await give(mira, Deliverables="Three reels", Description="At dusk")
    await press(anaya, "Request a revision")
    await give(anaya, What_should_change="Longer, please.")
    await press(mira, "Submit again")
    await give(mira, Deliverables="Three reels", Description="At dusk, longer")
    await press(anaya, "Approve work")

    for tab in (anaya, mira):
        await expect(tab.find(".stages .present")).to_have_text("Done")
        await expect(tab.find(".action-panel")).to_be_hidden()
        await expect(tab.find(".agreed strong")).to_have_text("₹21,000.00")
        await expect(tab.find(".paid")).to_be_visible()
        await expect(tab.find(".offers strong")).to_have_text(["₹18,000.00", "₹24,000.00", "₹21,000.00"])
        await expect(tab.find(".steps li")).to_have_count(17)
    stands = brand.sees(conversation)
    assert (stands["flow_state"], stands["chat_status"]) == ("real_time", "real_time")
    told = [one["message"] for one in brand.messages(conversation) if one["message_type"] == "system"]
    for tab in (anaya, mira):
        await expect(tab.find(".event-head")).to_have_text([text.split("\n\n")[0] for text in told])


async def test_a_form_accepts_valid_input_and_shows_errors(opens, brand, influencer):
    conversation, anaya, mira = await deal(opens, brand, influencer)
    await press(mira, "Accept")
    await asked(anaya, "Project details")
    await give(anaya, Project_details="   ")
    await expect(anaya.find(".action-panel .fault")).to_have_text("This is needed.")
    await expect(anaya.find(".action-panel textarea")).to_be_focused()
    await give(anaya, Project_details="x" * 5001)
    await expect(anaya.find(".action-panel .fault")).to_have_text("1 character too many.")
    await give(anaya, Project_details="A story.")
    await press(mira, "Accept project")
    await asked(anaya, "Price offer")
    wrong = {
        "": "This is needed.",
        "a lot": "Enter a price in digits, such as 18000 or 99.50.",
        "-5": "Enter a price in digits, such as 18000 or 99.50.",
        "1e3": "Enter a price in digits, such as 18000 or 99.50.",
        "0": "At least ₹0.01.",
        "10.005": "At most 2 decimals.",
        "1.500": "Choose the amount that you mean.",
        "100000000": "At most ₹99,999,999.99.",
    }
    for value, fault in wrong.items():
        await give(anaya, Price=value)
        await expect(anaya.find(".action-panel .fault")).to_have_text(fault)
    assert brand.sees(conversation)["flow_state"] == "brand_owner_pricing"
    await give(anaya, Price="99.50")
    await waits(anaya)


async def test_errors_of_the_server_are_shown_at_the_field(opens, brand, influencer):
    conversation, anaya, mira = await deal(opens, brand, influencer)
    offers_a_price(brand, influencer, conversation)
    influencer.acts(conversation, "negotiate_price")
    brand.acts(conversation, "agree_negotiation")
    mira.may_fail = True
    await give(mira, Your_price="100")
    await expect(mira.find(".action-panel .fault")).to_contain_text("must differ from")
    await give(mira, Your_price="120")
    await waits(mira)
    await expect(anaya.find(".action-panel h3")).to_contain_text("120")


async def test_irreversible_actions_need_confirmation(opens, brand, influencer):
    conversation, _, mira = await deal(opens, brand, influencer)
    await press(mira, "Decline")
    await press(mira, "Back")
    assert brand.sees(conversation)["chat_status"] == "automated"
    await press(mira, "Decline")
    await give(mira, Reason="No time in October.")
    await expect(mira.find(".action-panel")).to_have_text("This conversation is closed.")
    await expect(mira.find(".event .words", has_text="No time in October.")).to_have_count(1)


async def test_withdrawing_needs_confirmation(opens, brand, influencer):
    conversation, anaya, mira = await deal(opens, brand, influencer)
    offers_a_price(brand, influencer, conversation)
    await press(anaya, "Withdraw offer")
    await press(anaya, "Back")
    assert brand.sees(conversation)["flow_state"] == "influencer_price_response"
    await press(anaya, "Withdraw offer")
    await give(anaya)
    await asked(anaya, "Price offer")
    for who, action, data in (
        (brand, "send_price_offer", {"price": "100"}),
        (influencer, "negotiate_price", {}),
        (brand, "agree_negotiation", {}),
        (influencer, "send_counter_offer", {"price": "120"}),
    ):
        who.acts(conversation, action, **data)
    await press(mira, "Withdraw counter-offer")
    assert brand.sees(conversation)["flow_state"] == "brand_owner_price_response"
    await give(mira)
    await asked(mira, "Your price")


async def test_a_deal_that_stands_still_says_why(opens, brand, influencer):
    conversation, anaya, mira = await deal(opens, brand, influencer)
    offers_a_price(brand, influencer, conversation)
    influencer.acts(conversation, "accept_price")
    order = brand.acts(conversation, "proceed_to_payment")["payment"]
    for event in ("payment.succeeded", "payment.dispute_opened"):
        brand.calls("POST", order["pay"]["url"], {"type": event})
    for tab in (anaya, mira):
        await expect(tab.find(".action-panel")).to_have_text("The deal is on hold. You can go on writing.")
        await tab.sends("Why?")
    brand.calls("POST", order["pay"]["url"], {"type": "payment.dispute_won"})
    await asked(mira, "Ready to start")


async def test_a_button_used_in_one_tab_is_gone_in_the_other(opens, brand, influencer):
    conversation, _, mira = await deal(opens, brand, influencer)
    other = await mira.open_other_tab(f"/chat/{conversation}")
    await asked(other, "New request")
    await press(mira, "Accept")
    await waits(mira)
    await waits(other)


async def test_a_late_click_shows_the_current_state(opens, brand, influencer):
    conversation, _, mira = await deal(opens, brand, influencer)
    mira.may_fail = True
    await asked(mira, "New request")

    async def after_a_quicker_one(route: Route) -> None:
        influencer.acts(conversation, "accept_connection")
        await route.continue_(post_data={**route.request.post_data_json, "action": "reject_connection"})

    await mira.page.route("**/actions", after_a_quicker_one)
    await press(mira, "Accept")
    await waits(mira)
    assert [one["action"] for one in brand.sees(conversation)["available_actions"]] == ["send_project_details"]


async def test_stages_and_history_show_the_servers_texts(opens, brand, influencer):
    conversation = await _done(brand, influencer)
    log = brand.reads(f"/api/conversations/{conversation}/events", limit=200)["results"]
    happened = [one["data"]["summary"] for one in log if one["event"] == "conversation_state_changed"]
    assert (happened[0], happened[-1]) == ("Anaya made the request", "The chat is open")
    tab = await opens(f"/chat/{conversation}", brand)
    await expect(tab.find(".steps li p")).to_have_text(happened[::-1])
    await expect(tab.find(".stages li")).to_have_text(["Contact", "Project", "Price", "Payment", "Work", "Done"])
    await expect(tab.find(".stages [aria-current=step]")).to_have_text("Done")
    brand.acts(conversation, "close_conversation")
    await expect(tab.find(".steps li p").first).to_have_text("The conversation was closed")
    await expect(tab.find(".stages.closed li")).to_have_count(6)
    await expect(tab.find(".stages [aria-current]")).to_have_count(0)
    for _ in ("as it was", "after a reload"):
        await expect(tab.find(".stages .past")).to_have_text(["Contact", "Project", "Price", "Payment", "Work"])
        await expect(tab.find(".stages .present")).to_have_text("Done")
        await tab.page.reload()
        await tab.loaded()


async def test_a_deal_that_ends_early_keeps_its_progress(opens, brand, influencer):
    conversation, anaya, mira = await deal(opens, brand, influencer)
    await press(mira, "Accept")
    await give(anaya, Project_details="Three reels and a story.")
    await expect(mira.find(".stages .present")).to_have_text("Project")
    influencer.acts(conversation, "reject_project", reason="No time")
    for _ in ("as it was", "after a reload"):
        for tab in (anaya, mira):
            await expect(tab.find(".action-panel")).to_have_text("This conversation is closed.")
            await expect(tab.find(".stages.closed .past")).to_have_text(["Contact"])
            await expect(tab.find(".stages.closed .present")).to_have_text("Project")
            await tab.page.reload()


async def test_a_withdrawal_is_shown_in_the_action_panel_only(opens, brand, influencer):
    _, anaya, _ = await deal(opens, brand, influencer)
    buttons = anaya.page.get_by_role("button", name="Withdraw request")
    await expect(buttons).to_have_count(1)
    await expect(anaya.find(".action-panel").get_by_role("button", name="Withdraw request")).to_have_count(1)


async def test_free_chat_is_closed_from_the_header(opens, brand, influencer):
    conversation = await _done(brand, influencer)
    tab = await opens(f"/chat/{conversation}", brand)
    await tab.page.get_by_role("button", name="Close conversation").click()
    await tab.page.get_by_role("dialog").get_by_label("Reason").fill("All done, thank you!")
    await tab.page.get_by_role("dialog").get_by_role("button", name="Close conversation").click()
    await expect(tab.find(".action-panel")).to_have_text("This conversation is closed.")


async def _done(brand: Any, influencer: Any) -> str:
    conversation = brand.opens_bid_with(influencer)
    influencer.acts(conversation, "accept_connection")
    brand.acts(conversation, "send_project_details", details="A story.")
    influencer.acts(conversation, "accept_project")
    brand.acts(conversation, "send_price_offer", price="100")
    influencer.acts(conversation, "accept_price")
    order = brand.acts(conversation, "proceed_to_payment")["payment"]["order_id"]
    brand.calls("POST", f"/api/payments/sandbox/{order}/pay", {})
    influencer.acts(conversation, "start_work")
    influencer.acts(conversation, "submit_work", deliverables="A story", description="At dusk")
    brand.acts(conversation, "approve_work")
    return conversation
