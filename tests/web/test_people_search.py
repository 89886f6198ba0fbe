"""Searching for a user to write to: the form while the server responds, declines or does not respond."""

import re
import secrets

import pytest
from playwright.async_api import Route, expect

from tests.harness.people import Person, newcomer
from tests.harness.servers import embedded
from tests.web.conftest import opening
from tests.web.opening import Form, new_conversation
from tests.web.tabs import Tabs

SEARCH = "**/api/people?*"
TOO_FAST = {"success": False, "code": "rate_limited", "message": "Too many requests.", "retry_after": 1}


def found(*names: str, role: str = "influencer", **page: str | None) -> dict[str, object]:
    """Return a response of the search."""
    people = [{"id": f"{role}-{number}", "name": name, "role": role} for number, name in enumerate(names)]
    return {"success": True, "results": people, "next": None, "previous": None} | page


async def test_an_outdated_response_is_dropped(opens, brand):
    tab = await opens("/chat", brand)
    held: list[Route] = []

    async def answered(route: Route) -> None:
        if "q=slow" in route.request.url:
            held.append(route)
        else:
            await route.fulfill(json=found("Quick"))

    await tab.page.route(SEARCH, answered)
    form = await new_conversation(tab)
    async with tab.page.expect_request(SEARCH):
        await form.input.fill("slow")
    await expect(form.said).to_have_text("Searching …")
    await form.input.fill("quick")
    await expect(form.names).to_have_text(["Quick"])
    async with tab.page.expect_event("requestfinished", lambda one: "q=slow" in one.url):
        await held[0].fulfill(json=found("Slow"))
    await form.input.fill("quicker")
    await expect(form.said).to_have_text("1 person found.")
    await expect(form.names).to_have_text(["Quick"])


async def test_fast_typing_sends_one_request(opens, brand):
    tab = await opens("/chat", brand)
    asked: list[str] = []

    async def answered(route: Route) -> None:
        asked.append(route.request.url.partition("q=")[2].partition("&")[0])
        await route.fulfill(json=found("Quick"))

    await tab.page.route(SEARCH, answered)
    form = await new_conversation(tab)
    # Without pauses between the letters, however busy the machine is.
    await form.input.evaluate(
        """(input) => [...'quick'].forEach((letter) => {
          input.value += letter;
          input.dispatchEvent(new Event('input'));
        })"""
    )
    await expect(form.names).to_have_text(["Quick"])
    assert asked == ["quick"]


async def test_a_failed_search_can_be_repeated(opens, brand, influencer):
    tab = await opens("/chat", brand, may_fail=True)
    await tab.page.route(SEARCH, lambda route: route.abort())
    form = await new_conversation(tab)
    await form.input.fill(influencer.email)
    await expect(form.said).to_have_text("The server cannot be reached right now.")
    await tab.page.unroute(SEARCH)
    await form.dialog.get_by_role("button", name="Try again").click()
    await expect(form.names).to_have_text(["Mira"])
    await expect(form.dialog.get_by_role("button", name="Try again")).to_be_hidden()


async def test_a_rate_limited_search_continues_by_itself(opens, brand, influencer):
    tab = await opens("/chat", brand, may_fail=True)
    await tab.page.route(SEARCH, lambda route: route.fulfill(status=429, json=TOO_FAST), times=1)
    form = await new_conversation(tab)
    await tab.remember("dialog [role=status]")
    await form.input.fill(influencer.email)
    await expect(form.names).to_have_text(["Mira"])
    await tab.has_shown("Too many searches at once. The search continues in a moment …")
    await expect(form.said).to_have_text("1 person found.")


async def test_more_people_are_loaded_on_request(opens, brand, user_pool, site):
    surname = f"q{secrets.token_hex(6)}"
    user_pool.new_users("influencer", *(f"{letter}a {surname}" for letter in "ABCDEFGHIJKL"), url=site.url)
    tab = await opens("/chat", brand)
    form = await new_conversation(tab)
    await form.input.fill(surname)
    await expect(form.names).to_have_count(10)
    await expect(form.said).to_have_text("10 people found. More people match: type more of the name.")
    await form.press("ArrowUp")
    await form.marks("Show more")
    await form.press("Enter")
    await expect(form.names).to_have_text([f"{letter}a {surname}" for letter in "ABCDEFGHIJKL"])
    await expect(form.said).to_have_text("12 people found.")
    await form.marks(f"Ja {surname}")
    await form.press("ArrowDown")
    await form.marks(f"Ka {surname}")
    await expect(form.options.and_(tab.find('[aria-selected="true"]'))).to_be_in_viewport()


async def test_markup_in_names_is_escaped(opens, brand):
    names = ["<img src=x onerror=alert(1)>", "%(role)s ${name}", "\u05d3\u05e0\u05d4 \u05db\u05d4\u05df", "Ann", "Ann"]
    tab = await opens("/chat", brand)
    answer = found(*names)
    answer["results"][-1]["role"] = "brand_owner"
    await tab.page.route(SEARCH, lambda route: route.fulfill(json=answer))
    form = await new_conversation(tab)
    await form.input.fill("any")
    await expect(form.names).to_have_text(names)
    await expect(form.dialog.locator("img")).to_have_count(0)
    await expect(form.options.nth(3)).to_have_accessible_name("Ann Influencer")
    await expect(form.options.nth(4)).to_have_accessible_name("Ann Brand owner")


@pytest.mark.parametrize("direction", ["ltr", "rtl"])
async def test_long_names_and_large_fonts_fit_on_a_narrow_screen(opens, brand, direction):
    tab = await opens("/chat", brand, viewport={"width": 390, "height": 740})
    await tab.page.route(SEARCH, lambda route: route.fulfill(json=found("Wolfeschlegelsteinhausen" * 4, "Ann")))
    await tab.page.evaluate(
        f"document.documentElement.dir = '{direction}'; document.documentElement.style.fontSize = '200%'"
    )
    form = await new_conversation(tab)
    await form.input.fill("any")
    await expect(form.names).to_have_count(2)
    await _fits(form)
    await form.options.first.click()
    await expect(form.chosen).to_be_visible()
    await _fits(form)


async def _fits(form: Form) -> None:
    for part in (form.dialog, form.dialog.locator(".people"), form.chosen):
        assert await part.evaluate("(element) => element.scrollWidth <= element.clientWidth"), part


async def test_without_a_search_acquaintances_can_be_chosen(tmp_path, chromium):
    with embedded(tmp_path, PEOPLE_SEARCH="off") as installation, installation.serving() as server:
        anaya = Person.authenticates(server.url, "register", newcomer("brand_owner", "Anaya"))
        anaya.opens_chat_with(Person.authenticates(server.url, "register", newcomer("influencer", "Mira Kapoor")))
        Person.authenticates(server.url, "register", newcomer("influencer", "Mirko Kapoor"))
        async with opening(Tabs(chromium, server.url)) as opens:
            tab = await opens("/chat", anaya, may_fail=True)
            form = await new_conversation(tab)
            await expect(form.names).to_have_text(["Mira Kapoor"])
            await form.input.fill("kap")
            await expect(form.said).to_have_text("Only people in your conversations can be chosen here.")
            await expect(form.names).to_have_text(["Mira Kapoor"])
            await form.input.fill("mirko")
            await expect(form.said).to_have_text(re.compile("^Nobody in your conversations has this name"))
            await form.input.fill("mira")
            await expect(form.names).to_have_text(["Mira Kapoor"])
            await form.options.click()
            await form.start("Found again")
            await expect(tab.words).to_have_text(["Found again"])
