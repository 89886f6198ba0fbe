"""Unsent texts survive a reload and a crash of the tab, and are gone after sending or signing out."""

from contextlib import suppress

import pytest
from playwright.async_api import Error, expect

STORED = "Object.keys(localStorage).filter((key) => key.includes('draft'))"
TEXTS = ["Half a sent", "Zwei\nZeilen 👋🏽", "هل أنت متفرغ؟", "  spaces around  "]


async def crash(tab) -> None:
    """Kill the process of the page."""
    async with tab.page.expect_event("crash"):
        with suppress(Error):
            await tab.page.goto("chrome://crash")


@pytest.mark.parametrize("text", TEXTS)
async def test_a_draft_survives_a_reload_in_its_conversation_only(opens, brand, influencer, person, text):
    conversation, other = brand.opens_chat_with(influencer), brand.opens_chat_with(person(name="Dev"))
    tab = await opens(f"/chat/{conversation}", brand)
    await tab.loaded()
    await tab.composer.fill(text)
    await tab.page.reload()
    await expect(tab.composer).to_have_value(text)
    await tab.find(f'.line[href="/chat/{other}"]').click()
    await expect(tab.find(".conversation-header h2")).to_have_text("Dev")
    await expect(tab.composer).to_have_value("")
    await tab.find(f'.line[href="/chat/{conversation}"]').click()
    await expect(tab.composer).to_have_value(text)


async def test_a_draft_survives_a_crash(opens, brand, influencer):
    conversation = brand.opens_chat_with(influencer)
    tab = await opens(f"/chat/{conversation}", brand)
    await tab.loaded()
    await tab.composer.press_sequentially("Almost said")
    tab.is_spent = True
    await crash(tab)
    again = await tab.open_other_tab(f"/chat/{conversation}")
    await expect(again.composer).to_have_value("Almost said")


async def test_a_sent_draft_is_gone(opens, brand, influencer):
    tab = await opens(f"/chat/{brand.opens_chat_with(influencer)}", brand)
    await tab.sends("Said")
    assert await tab.page.evaluate(STORED) == []
    await tab.page.reload()
    await tab.loaded()
    await expect(tab.composer).to_have_value("")


async def test_editing_a_message_keeps_the_draft(opens, brand, influencer):
    tab = await opens(f"/chat/{brand.opens_chat_with(influencer)}", brand)
    await tab.sends("Shall we meat?")
    await tab.composer.fill("And then")
    await tab.messages.first.hover()
    await tab.page.get_by_role("button", name="Edit").click()
    await expect(tab.composer).to_have_value("Shall we meat?")
    await tab.says("Shall we meet?")
    await expect(tab.composer).to_have_value("And then")
    await tab.page.get_by_role("button", name="Edit").click()
    await tab.page.keyboard.press("Escape")
    await expect(tab.composer).to_have_value("And then")


async def test_signing_out_removes_the_drafts(opens, brand, influencer):
    tab = await opens(f"/chat/{brand.opens_chat_with(influencer)}", brand)
    await tab.loaded()
    await tab.composer.fill("Private")
    assert len(await tab.page.evaluate(STORED)) == 1
    await tab.page.get_by_role("button", name="Sign out").click()
    await tab.is_at(r"/sign-in\?next=.*")
    assert await tab.page.evaluate(STORED) == []


async def test_another_user_of_the_browser_gets_no_draft(opens, brand, influencer):
    conversation = brand.opens_chat_with(influencer)
    tab = await opens(f"/chat/{conversation}", brand)
    await tab.loaded()
    await tab.composer.fill("Private")
    session = await tab.page.evaluate("localStorage['stoory.session']")
    other = await opens(f"/chat/{conversation}", influencer)
    await other.loaded()
    theirs = await other.page.evaluate("localStorage['stoory.session']")
    assert session != theirs
    await tab.page.evaluate("session => { localStorage['stoory.session'] = session; }", theirs)
    await tab.page.reload()
    await tab.loaded()
    await expect(tab.composer).to_have_value("")
    assert await tab.page.evaluate(STORED) == []
