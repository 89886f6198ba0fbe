"""Keyboard, screen readers, narrow screens and both themes: checked with axe and by use."""

import re

import pytest
from playwright.async_api import Route, expect

from tests.pages import PAGES
from tests.web.axe import faults
from tests.web.errors import HEADLINES, show_error
from tests.web.tabs import Tab

LAST = {"/chat": ".list .empty:not([hidden])", "/demo": ".pane.next .action-panel button"}
"""The element that a script adds last, by page."""

NARROW = {"width": 360, "height": 740}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
async def test_axe_finds_nothing(opens, brand, path, theme):
    tab = await opens(path, brand, color_scheme=theme)
    await expect(tab.find(LAST.get(path, "h1")).first).to_be_visible()
    assert await faults(tab) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("status", HEADLINES)
async def test_axe_finds_nothing_on_the_page_of_an_error(opens, status, theme):
    tab = await opens("/", color_scheme=theme, may_fail=True)
    await show_error(tab, status)
    await expect(tab.find("h1")).to_have_text(HEADLINES[status])
    assert await faults(tab) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_axe_finds_nothing_in_a_conversation_with_everything_in_it(opens, brand, influencer, theme):
    conversation = brand.opens_bid_with(influencer, title="Snack box", message="Interested?")
    influencer.says(conversation, "Yes", media_url="https://example.com/reel.mp4")
    influencer.acts(conversation, "accept_connection")
    tab = await opens(f"/chat/{conversation}", brand, color_scheme=theme)
    await tab.sends("Good to hear")
    await expect(tab.find(".steps li")).to_have_count(2)
    await tab.find(".action-panel form [type=submit]").click()
    await expect(tab.find(".action-panel .fault")).to_be_visible()
    assert await faults(tab) == []
    await tab.page.get_by_role("button", name=re.compile("Notifications")).click()
    await expect(tab.find(".notification").first).to_be_visible()
    assert await faults(tab) == []


@pytest.mark.parametrize("direction", ["ltr", "rtl"])
@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_axe_finds_nothing_during_a_search(opens, brand, influencer, theme, direction):
    brand.opens_chat_with(influencer)
    tab = await opens("/chat", brand, color_scheme=theme, may_fail=True)
    await tab.page.evaluate(f"document.documentElement.dir = '{direction}'")
    await tab.page.get_by_role("button", name="New conversation").click()
    person = tab.page.get_by_role("combobox", name="With whom")
    option = tab.page.get_by_role("listbox", name="People").get_by_role("option")
    await expect(option).to_have_count(1)
    await person.press("ArrowDown")
    assert await faults(tab) == []
    await person.fill("nobody at all")
    await expect(tab.page.get_by_text("Nobody was found.")).to_be_visible()
    await tab.page.get_by_role("button", name="Start").click()
    await expect(tab.page.get_by_text("Choose the person")).to_be_visible()
    assert await faults(tab) == []
    await tab.page.route("**/api/people?*", lambda route: route.abort())
    await person.fill("mira")
    await expect(tab.page.get_by_role("button", name="Try again")).to_be_visible()
    assert await faults(tab) == []
    await option.click()
    await expect(tab.page.get_by_role("button", name="Change")).to_be_visible()
    assert await faults(tab) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_axe_finds_nothing_in_the_account(opens, brand, theme):
    tab = await opens("/chat", brand, color_scheme=theme)
    await tab.page.get_by_role("button", name="Anaya").click()
    await tab.page.get_by_role("checkbox").uncheck()
    await expect(tab.page.get_by_text("Saved.")).to_be_visible()
    assert await faults(tab) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_axe_finds_nothing_next_to_errors(opens, brand, influencer, theme):
    tab = await opens(
        f"/chat/{brand.opens_chat_with(influencer)}", brand, color_scheme=theme, viewport=NARROW, may_fail=True
    )
    await tab.find(".composer input[type=file]").set_input_files(
        {"name": "brief.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4\n%%EOF\n"}
    )
    await expect(tab.page.get_by_role("button", name="Send")).to_be_enabled()
    await tab.sends("The brief")
    await tab.page.route("**/messages", _decline)
    await tab.says("Declined")
    await expect(tab.find(".outgoing.failed")).to_have_count(1)
    await tab.page.unroute("**/messages")
    await tab.context.set_offline(True)
    await expect(tab.connection).to_contain_text("You are offline")
    await tab.says("Waiting")
    await expect(tab.find(".outgoing.waiting")).to_have_count(1)
    await tab.page.get_by_role("button", name="Edit").click()
    assert await faults(tab) == []


async def _decline(route: Route) -> None:
    if route.request.method == "POST":
        await route.fulfill(status=409, json={"success": False, "code": "text_not_accepted", "message": "Not now."})
    else:
        await route.continue_()


async def test_everything_can_be_done_with_the_keyboard(opens, brand, influencer):
    conversation = brand.opens_bid_with(influencer, title="Snack box")
    tab = await opens("/chat", influencer)
    await expect(tab.find(".line")).to_have_count(1)
    await _tab_to(tab, ".line")
    await tab.page.keyboard.press("Enter")
    await tab.is_at(f"/chat/{conversation}")
    await expect(tab.find(".action-panel button")).to_have_count(2)
    await _tab_to(tab, '.action-panel [data-action="accept_connection"]', "Shift+Tab")
    await tab.page.keyboard.press("Enter")
    await expect(tab.find(".action-panel")).to_have_text(re.compile("^Waiting for \u2068Anaya"))
    await _tab_to(tab, ".composer textarea")
    await tab.page.keyboard.type("Done without a mouse")
    await tab.page.keyboard.press("Enter")
    await expect(tab.words.last).to_have_text("Done without a mouse")


async def _tab_to(tab: Tab, selector: str, key: str = "Tab") -> None:
    for _ in range(60):
        if await tab.page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        await tab.page.keyboard.press(key)
    raise AssertionError(f"{selector} is not reached with {key}.")


async def test_dialogs_and_panels_return_the_focus(opens, brand):
    tab = await opens("/chat", brand)
    for name in ("New conversation", "Notifications", "Anaya"):
        button = tab.page.get_by_role("button", name=name, exact=True)
        await button.focus()
        await tab.page.keyboard.press("Enter")
        await expect(button).not_to_be_focused()
        await tab.page.keyboard.press("Escape")
        await expect(button).to_be_focused()


async def test_the_focus_stays_while_the_page_changes(opens, brand, influencer):
    conversation = brand.opens_bid_with(influencer, title="Snack box")
    tab = await opens(f"/chat/{conversation}", brand)
    await tab.sends("Hello")
    line = tab.find(".line")
    await line.focus()
    influencer.says(conversation, "Hello Anaya")
    await expect(tab.find(".line-preview")).to_have_text("Hello Anaya")
    await expect(line).to_be_focused()
    edit = tab.page.get_by_role("button", name="Edit")
    await edit.focus()
    influencer.marks_read(conversation)
    await expect(tab.find(".tick.read")).to_be_visible()
    await expect(edit).to_be_focused()


async def test_a_conversation_that_moves_to_the_top_keeps_the_focus(opens, brand, influencer, person):
    conversation = brand.opens_chat_with(influencer)
    brand.opens_chat_with(person(name="Dev"))
    tab = await opens("/chat", brand)
    await expect(tab.find(".line strong")).to_have_text(["Dev", "Mira"])
    line = tab.find(f'.line[href="/chat/{conversation}"]')
    await line.focus()
    influencer.says(conversation, "Hello Anaya")
    await expect(tab.find(".line strong")).to_have_text(["Mira", "Dev"])
    await expect(line).to_be_focused()


async def test_a_draft_keeps_its_selection_while_the_page_changes(opens, brand, influencer):
    conversation = brand.opens_bid_with(influencer)
    influencer.acts(conversation, "accept_connection")
    tab = await opens(f"/chat/{conversation}", brand)
    details = tab.find(".action-panel textarea")
    await details.fill("Three reels and")
    await tab.composer.fill("By the way")
    await details.evaluate("element => { element.focus(); element.setSelectionRange(6, 11); }")
    influencer.says(conversation, "What is it about?")
    await expect(tab.words.last).to_have_text("What is it about?")
    await expect(details).to_be_focused()
    assert await details.evaluate("element => [element.selectionStart, element.selectionEnd]") == [6, 11]
    await expect(details).to_have_value("Three reels and")
    await expect(tab.composer).to_have_value("By the way")


async def test_selected_text_stays_selected_when_messages_arrive_or_are_read(opens, brand, influencer):
    conversation = brand.opens_chat_with(influencer)
    tab = await opens(f"/chat/{conversation}", brand)
    await tab.sends("Select me")
    await tab.words.first.evaluate("element => getSelection().selectAllChildren(element)")
    influencer.marks_read(conversation)
    await expect(tab.find(".tick.read")).to_be_visible()
    influencer.says(conversation, "Hello")
    await expect(tab.words).to_have_text(["Select me", "Hello"])
    assert await tab.page.evaluate("getSelection().toString()") == "Select me"


async def test_the_focus_stays_in_the_action_panel_after_an_action(opens, brand, influencer):
    tab = await opens(f"/chat/{brand.opens_bid_with(influencer)}", influencer)
    await tab.find(".action-panel").get_by_role("button", name="Accept").focus()
    await tab.page.keyboard.press("Enter")
    await expect(tab.find(".action-panel")).to_have_text(re.compile("^Waiting for \u2068Anaya"))
    await expect(tab.find(".action-panel")).to_be_focused()


async def test_new_messages_are_announced_to_screen_readers(opens, brand, influencer):
    conversation = brand.opens_chat_with(influencer)
    influencer.says(conversation, "Before")
    tab = await opens(f"/chat/{conversation}", brand)
    live = tab.find("[aria-live=polite].visually-hidden").last
    await expect(tab.words).to_have_text(["Before"])
    await expect(live).to_have_text("")
    influencer.says(conversation, "Just now")
    await expect(live).to_have_text("\u2068Mira\u2069: \u2068Just now\u2069")


@pytest.mark.parametrize("path", PAGES)
async def test_no_page_is_wider_than_a_narrow_screen(opens, brand, path):
    tab = await opens(path, brand, viewport=NARROW)
    await expect(tab.find(LAST.get(path, "h1")).first).to_be_visible()
    assert await tab.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("status", HEADLINES)
async def test_no_error_page_is_wider_than_a_narrow_screen(opens, status):
    tab = await opens("/", viewport=NARROW, may_fail=True)
    await show_error(tab, status)
    await expect(tab.find("h1")).to_have_text(HEADLINES[status])
    assert await tab.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_on_a_narrow_screen_the_deal_replaces_the_messages(opens, brand, influencer):
    conversation = brand.opens_bid_with(influencer, title="Snack box", message="Interested?")
    tab = await opens(f"/chat/{conversation}", brand, viewport=NARROW)
    await expect(tab.words.last).to_have_text("Interested?")
    await tab.page.get_by_role("button", name="Show the deal").click()
    await expect(tab.find(".steps li")).to_have_text(re.compile("Anaya made the request"))
    await expect(tab.composer).to_be_hidden()
    back = tab.page.get_by_role("button", name="Show the messages")
    await expect(back).to_be_focused()
    await back.click()
    await expect(tab.find(".steps")).to_be_hidden()
    await expect(tab.words.last).to_be_in_viewport()


async def test_on_a_narrow_screen_the_list_and_a_conversation_are_separate(opens, brand, influencer):
    influencer.says(brand.opens_chat_with(influencer), "Hello")
    tab = await opens("/chat", brand, viewport=NARROW)
    await tab.find(".line").click()
    await expect(tab.composer).to_be_visible()
    await expect(tab.find(".list")).to_be_hidden()
    assert await tab.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await tab.page.get_by_role("button", name="Back to the list").click()
    await expect(tab.find(".line")).to_be_visible()
    assert await tab.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_the_theme_is_chosen_and_kept(opens):
    tab = await opens("/")
    background = "getComputedStyle(document.body).backgroundColor"
    light = await tab.page.evaluate(background)
    await tab.page.get_by_role("button", name="Theme: as the system").click()
    await tab.page.get_by_role("button", name="Theme: light").click()
    assert await tab.page.evaluate(background) != light
    await tab.page.reload()
    await expect(tab.page.get_by_role("button", name="Theme: dark")).to_be_visible()
    assert await tab.page.evaluate(background) != light
