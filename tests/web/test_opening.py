"""A new conversation: choosing the other user by keyboard, mouse and touch."""

import re
import secrets

import pytest
from playwright.async_api import expect

from tests.harness.people import Person
from tests.web.opening import new_conversation

SURNAME = f"q{secrets.token_hex(6)}"
"""A surname that only the users of the fixture `family` have."""


@pytest.fixture(scope="module")
def family(user_pool, site) -> list[Person]:
    """Mira, Milo and Otto: influencers with the same surname."""
    return user_pool.new_users("influencer", *(f"{name} {SURNAME}" for name in ("Mira", "Milo", "Otto")), url=site.url)


async def test_a_conversation_is_started_with_a_user_found_by_name(opens, brand, family):
    tab = await opens("/chat", brand)
    form = await new_conversation(tab)
    await expect(form.options).to_have_count(0)
    await form.input.press_sequentially(f"mir {SURNAME[:9]}")
    await expect(form.names).to_have_text([f"Mira {SURNAME}"])
    await expect(form.said).to_have_text("1 person found.")
    await form.options.click()
    await expect(form.chosen).to_contain_text(f"Mira {SURNAME}")
    await form.dialog.get_by_label("Kind").select_option("bid")
    await form.dialog.get_by_label("What it is about").fill("Tea tasting")
    await form.start("Do you drink tea?")
    await expect(tab.find(".conversation-header")).to_contain_text("Tea tasting")
    await expect(tab.words.last).to_have_text("Do you drink tea?")


async def test_acquaintances_are_offered_before_anything_is_typed(opens, brand, family):
    mira, milo, _ = family
    brand.opens_chat_with(mira)
    brand.opens_bid_with(mira)
    brand.opens_chat_with(milo)
    tab = await opens("/chat", brand)
    form = await new_conversation(tab)
    await expect(form.names).to_have_text([f"Milo {SURNAME}", f"Mira {SURNAME}"])
    await expect(form.options.first).to_contain_text("Influencer, in your conversations")
    await form.input.fill("m")
    await expect(form.names).to_have_count(2)
    await expect(form.said).to_have_text("Type at least two characters.")
    await form.input.fill(SURNAME)
    await expect(form.names).to_have_text([f"{name} {SURNAME}" for name in ("Milo", "Mira", "Otto")])
    await form.options.nth(1).click()
    await form.start("Just between us")
    await expect(tab.presence).to_contain_text("Direct")
    await expect(tab.words).to_have_text(["Just between us"])


async def test_everything_can_be_done_with_the_keyboard(opens, brand, family):
    tab = await opens("/chat", brand)
    form = await new_conversation(tab)
    await expect(form.input).to_have_attribute("aria-expanded", "false")
    await tab.page.keyboard.type(SURNAME)
    await expect(form.options).to_have_count(3)
    await expect(form.input).to_have_attribute("aria-expanded", "true")
    await expect(form.input).to_have_attribute("aria-controls", await form.list.get_attribute("id"))
    await expect(form.input).not_to_have_attribute("aria-activedescendant", re.compile(""))
    for key, name in (
        ("ArrowDown", "Milo"),
        ("ArrowDown", "Mira"),
        ("End", "Otto"),
        ("ArrowDown", "Milo"),
        ("ArrowUp", "Otto"),
        ("Home", "Milo"),
    ):
        await form.press(key)
        await form.marks(name)
    await form.press("Escape")
    await expect(form.list).to_be_hidden()
    await expect(form.input).to_have_attribute("aria-expanded", "false")
    await expect(form.input).to_be_focused()
    await form.press("ArrowUp")
    await form.marks("Otto")
    await form.press("Enter")
    await expect(form.chosen).to_contain_text("Otto")
    change = form.dialog.get_by_role("button", name="Change")
    await expect(change).to_be_focused()
    await expect(change).to_have_accessible_description(f"Otto {SURNAME} Influencer")
    await form.press("Enter")
    await expect(form.input).to_be_focused()
    await expect(form.chosen).to_be_hidden()
    await form.press("ArrowDown", "Enter", "Tab", "Tab")
    await expect(form.dialog.get_by_label("First message")).to_be_focused()
    await tab.page.keyboard.type("By hand")
    await form.press("Tab", "Enter")
    await expect(tab.find(".conversation-header h2")).to_have_text(f"Milo {SURNAME}")


async def test_escape_closes_the_list_and_then_the_form(opens, brand, family):
    form = await new_conversation(await opens("/chat", brand))
    await form.input.fill(SURNAME)
    await expect(form.options).to_have_count(3)
    await form.press("Escape")
    await expect(form.list).to_be_hidden()
    await expect(form.dialog).to_be_visible()
    await form.press("Escape")
    await expect(form.dialog).to_be_hidden()


async def test_enter_chooses_the_only_person_and_never_submits_an_unchosen_name(opens, brand, family):
    form = await new_conversation(await opens("/chat", brand))
    await form.input.fill(SURNAME)
    await expect(form.options).to_have_count(3)
    await form.press("Enter")
    await form.marks("Milo")
    await form.input.fill(f"otto {SURNAME}")
    await expect(form.said).to_have_text("1 person found.")
    await form.press("Enter")
    await expect(form.chosen).to_contain_text("Otto")


async def test_a_person_is_chosen_by_touch(opens, brand, family):
    tab = await opens("/chat", brand, viewport={"width": 360, "height": 740})
    tab.is_spent = True
    form = await new_conversation(tab)
    await form.input.fill(SURNAME)
    await expect(form.options).to_have_count(3)
    box = await form.options.nth(1).bounding_box()
    assert box["height"] >= 44
    finger = await tab.context.new_cdp_session(tab.page)
    await finger.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    point = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    await finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
    await finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    await expect(form.chosen).to_contain_text("Mira")


async def test_only_a_whole_address_finds_its_owner(opens, brand, family):
    form = await new_conversation(await opens("/chat", brand))
    address = family[0].email
    await form.input.fill(address[:-1])
    await expect(form.said).to_have_text(re.compile("^Nobody was found. .* name, .* complete e-mail address"))
    await expect(form.options).to_have_count(0)
    await expect(form.input).to_have_attribute("aria-expanded", "false")
    await form.input.fill(f" {address.upper()} ")
    await expect(form.names).to_have_text([f"Mira {SURNAME}"])


async def test_submitting_without_a_person_shows_an_error(opens, brand, family):
    tab = await opens("/chat", brand)
    form = await new_conversation(tab)
    await form.start("To nobody")
    await expect(form.fault).to_have_text("Choose the person whom you want to write to.")
    await expect(form.input).to_be_focused()
    await expect(form.input).to_have_attribute("aria-invalid", "true")
    assert await form.fault.get_attribute("id") in await form.input.get_attribute("aria-describedby")
    await form.input.fill(f"mira {SURNAME}")
    await expect(form.fault).to_be_hidden()
    await expect(form.input).not_to_have_attribute("aria-invalid", "true")
    await expect(form.input).to_have_accessible_description("The beginning of a name, or a complete e-mail address.")
    await expect(form.names).to_have_count(1)
    await form.start("To somebody who was only typed")
    await expect(form.fault).to_be_visible()
    await expect(form.input).to_be_focused()
    await form.options.click()
    await form.dialog.get_by_role("button", name="Start").click()
    await expect(tab.words).to_have_text(["To somebody who was only typed"])


async def test_errors_of_the_server_are_shown(opens, brand, family):
    tab = await opens("/chat", brand, may_fail=True)
    form = await new_conversation(tab)
    await form.input.fill(f"mira {SURNAME}")
    await form.options.click()
    await form.dialog.get_by_label("Kind").select_option("bid")
    await form.start("x" * 5001)
    await expect(form.dialog.get_by_role("alert")).to_be_visible()
    await form.start("Shorter")
    await expect(tab.words.last).to_have_text("Shorter")
