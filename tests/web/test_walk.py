"""Two users who know only each other's names start a conversation, using only what the pages offer."""

import secrets

from playwright.async_api import expect

from tests.harness.people import newcomer
from tests.web.tabs import Tab


async def register(tab: Tab, name: str, role: str) -> None:
    """Fill in the form that the browser shows and submit it."""
    await expect(tab.find("h1")).to_have_text("Create an account")
    given = newcomer(role, name)
    await tab.page.get_by_label(role).check()
    await tab.page.get_by_label("Name").fill(given["name"])
    await tab.page.get_by_label("E-mail").fill(given["email"])
    await tab.page.get_by_label("Password").fill(given["password"])
    await tab.page.get_by_role("button", name="Create account").click()
    await tab.is_at("/chat")
    await expect(tab.page.get_by_role("heading", name=name)).to_be_visible()


async def test_two_new_users_reach_a_conversation_from_the_home_page(running):
    surname = secrets.token_hex(6)
    ben = await running.opens("/")
    await ben.page.get_by_role("link", name="Sign in").click()
    await ben.page.get_by_role("link", name="Create an account").click()
    await register(ben, f"Ben {surname}", "an influencer")
    await expect(ben.page.get_by_text("No conversations yet.")).to_be_visible()

    ann = await running.opens("/")
    await ann.page.get_by_role("link", name="create an account").click()
    await register(ann, f"Ann {secrets.token_hex(6)}", "a brand owner")
    await expect(ann.page.get_by_text("“New conversation”").first).to_be_visible()
    await ann.page.get_by_role("button", name="New conversation").click()
    await expect(ann.page.get_by_role("combobox", name="With whom")).to_be_focused()
    await ann.page.keyboard.type(f"be {surname[:9]}")
    await expect(ann.page.get_by_role("listbox").get_by_role("option")).to_have_accessible_name(
        f"Ben {surname} Influencer"
    )
    await ann.page.keyboard.press("ArrowDown")
    await ann.page.keyboard.press("Enter")
    await ann.page.get_by_label("First message").fill("Hello Ben!")
    await ann.page.get_by_role("button", name="Start").click()
    await expect(ann.words).to_have_text(["Hello Ben!"])

    await ben.find(".line", has_text="Hello Ben!").click()
    await expect(ben.words).to_have_text(["Hello Ben!"])
    await ben.says("Hello Ann, who are you?")
    await expect(ann.words).to_have_text(["Hello Ben!", "Hello Ann, who are you?"])
    await ann.says("The one with the tea.")
    await expect(ben.words.last).to_have_text("The one with the tea.")
