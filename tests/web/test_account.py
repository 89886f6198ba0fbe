"""The user's own account on the chat page: their identity, and whether others find them."""

import pytest
from playwright.async_api import Route, expect

from tests.harness.people import Person, newcomer
from tests.web.tabs import Tab


@pytest.fixture
def tara(site) -> Person:
    return Person.authenticates(site.url, "register", newcomer("influencer", "Tara"))


async def account(tab: Tab):
    """Open the dialog "Your account" and return the checkbox "Others can find me"."""
    await tab.page.get_by_role("button", name="Tara").click()
    dialog = tab.page.get_by_role("dialog", name="Your account")
    await expect(dialog).to_contain_text("Influencer")
    return dialog.get_by_role("checkbox", name="Others can find me")


def is_found(asker: Person, tara: Person) -> bool:
    return bool(asker.reads("/api/people", q=tara.email)["results"])


async def test_a_user_can_opt_out_of_being_found(opens, brand, tara):
    assert is_found(brand, tara)
    tab = await opens("/chat", tara)
    box = await account(tab)
    await expect(box).to_be_checked()
    await expect(tab.page.get_by_role("dialog")).to_contain_text(tara.email)
    await box.uncheck()
    await expect(tab.page.get_by_text("Saved.")).to_be_visible()
    assert not is_found(brand, tara)
    await tab.page.reload()
    box = await account(tab)
    await expect(box).not_to_be_checked()
    await box.check()
    await expect(tab.page.get_by_text("Saved.")).to_be_visible()
    assert is_found(brand, tara)


async def test_a_failed_change_is_reverted_and_reported(opens, tara):
    tab = await opens("/chat", tara, may_fail=True)
    box = await account(tab)

    async def lost(route: Route) -> None:
        await route.abort()

    await tab.page.route("**/api/auth/me", lost)
    await box.click()
    await expect(tab.page.get_by_role("alert")).to_have_text("The server cannot be reached right now.")
    await expect(box).to_be_checked()
    await tab.page.unroute("**/api/auth/me")
    await box.uncheck()
    await expect(tab.page.get_by_text("Saved.")).to_be_visible()
    await expect(tab.page.get_by_role("alert")).to_be_hidden()
