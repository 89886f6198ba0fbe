"""The conversation list and the notifications while the server is slow, refuses or is away, and who is online."""

import asyncio
import re

import pytest
from playwright.async_api import Route, expect

from tests.harness.waiting import eventually

LIST = re.compile(r"/api/conversations\?")
REFUSAL = {"success": False, "code": "forbidden", "message": "This is not allowed."}
BUSY = {"success": False, "code": "server_error", "message": "The server is busy."}


async def refuse(route: Route) -> None:
    await route.fulfill(status=403, json=REFUSAL)


async def be_busy(route: Route) -> None:
    await route.fulfill(status=503, json=BUSY)


async def abort(route: Route) -> None:
    await route.abort()


PASSING = {"busy": (be_busy, "The server is busy."), "away": (abort, "The server cannot be reached right now.")}
"""Faults after which the page tries again by itself."""


async def broken(opens, who, where, answer):
    tab = await opens("/", who, may_fail=True)
    await tab.page.route(where, answer)
    await tab.goes("/chat")
    return tab


async def test_a_list_that_cannot_be_loaded_says_why_and_offers_another_try(opens, brand, influencer):
    brand.opens_chat_with(influencer)
    tab = await broken(opens, brand, LIST, refuse)
    failure = tab.find(".list .load-failed")
    await expect(failure.get_by_role("alert")).to_have_text("This is not allowed.")
    await expect(tab.find(".list .empty")).to_be_hidden()
    await tab.page.unroute(LIST)
    await failure.get_by_role("button", name="Try again").click()
    await expect(tab.find(".line strong")).to_have_text(["Mira"])
    await expect(failure).to_have_count(0)


@pytest.mark.parametrize("kind", PASSING)
async def test_a_list_that_cannot_be_loaded_appears_by_itself_later(opens, brand, influencer, kind):
    answer, words = PASSING[kind]
    brand.opens_chat_with(influencer)
    tab = await broken(opens, brand, LIST, answer)
    await expect(tab.find(".list .load-failed").get_by_role("alert")).to_have_text(words)
    await tab.page.unroute(LIST)
    await expect(tab.find(".line strong")).to_have_text(["Mira"])
    await expect(tab.find(".list .load-failed")).to_have_count(0)


async def test_a_slow_list_says_that_it_is_loading(opens, brand, influencer):
    brand.opens_chat_with(influencer)
    answered = asyncio.Event()

    async def wait(route: Route) -> None:
        await answered.wait()
        await route.continue_()

    tab = await broken(opens, brand, LIST, wait)
    await expect(tab.find(".list").get_by_role("status")).to_have_text("Loading …")
    await expect(tab.find(".list .empty")).to_be_hidden()
    answered.set()
    await expect(tab.find(".line strong")).to_have_text(["Mira"])
    await expect(tab.find(".list").get_by_role("status")).to_have_count(0)


async def test_a_filter_that_cannot_be_loaded_shows_no_other_conversations(opens, brand, influencer, person):
    brand.opens_chat_with(influencer)
    brand.opens_bid_with(person(name="Dev"))
    tab = await opens("/chat", brand, may_fail=True)
    await expect(tab.find(".line strong")).to_have_text(["Dev", "Mira"])
    await tab.page.route(LIST, refuse)
    await tab.page.get_by_role("button", name="Direct", exact=True).click()
    await expect(tab.find(".list .load-failed")).to_be_visible()
    await expect(tab.find(".line strong")).to_have_text(["Mira"])
    await tab.page.unroute(LIST)
    await tab.page.get_by_role("button", name="Bids", exact=True).click()
    await expect(tab.find(".line strong")).to_have_text(["Dev"])
    await expect(tab.find(".list .load-failed")).to_have_count(0)


async def test_further_pages_that_cannot_be_loaded_offer_another_try(opens, brand, influencer):
    for number in range(31):
        brand.opens_bid_with(influencer, title=f"Bid {number}")
    tab = await opens("/chat", brand, may_fail=True)
    await expect(tab.find(".line")).to_have_count(30)
    further = re.compile(r"/api/conversations\?.*cursor=")
    await tab.page.route(further, refuse)
    await tab.page.get_by_role("button", name="Show more").click()
    await expect(tab.find(".list").get_by_role("alert")).to_have_text("This is not allowed.")
    await tab.page.unroute(further)
    await tab.find(".list").get_by_role("button", name="Try again").click()
    await expect(tab.find(".line")).to_have_count(31)
    await expect(tab.find(".list").get_by_role("alert")).to_have_count(0)


async def test_notifications_that_cannot_be_loaded_offer_another_try(opens, brand, influencer):
    words = "This is not allowed."
    influencer.says(brand.opens_chat_with(influencer), "Hello")
    where = re.compile(r"/api/notifications\?")
    tab = await broken(opens, brand, where, refuse)
    await tab.page.get_by_role("button", name="Notifications").click()
    bell = tab.find(".popover")
    await expect(bell.get_by_role("alert")).to_have_text(words)
    await expect(bell.get_by_text("Nothing yet.")).to_be_hidden()
    await tab.page.unroute(where)
    await bell.get_by_role("button", name="Try again").click()
    await expect(bell.locator(".notification-body")).to_have_text(["Hello"])
    await tab.page.route("**/read-all", refuse)
    await bell.get_by_role("button", name="Mark all as read").click()
    await expect(bell.get_by_role("alert")).to_have_text(words)
    await tab.page.unroute("**/read-all")
    await bell.get_by_role("button", name="Try again").click()
    await expect(bell.get_by_role("alert")).to_have_count(0)
    await expect(bell.locator(".notification.unread")).to_have_count(0)


async def test_the_presence_of_visible_lines_is_read_again(opens, brand, influencer, person):
    dev = person(name="Dev")
    brand.opens_chat_with(influencer)
    brand.opens_chat_with(dev)
    tab = await _with_clock(opens, brand)
    await expect(tab.find(".line strong")).to_have_text(["Dev", "Mira"])
    await expect(tab.find(".line .avatar.online")).to_have_count(0)
    other = await opens("/chat", influencer)
    await expect(other.find(".line")).to_have_count(1)
    await _is_online(brand, "Mira", True)
    # No conversation is open, so no event reports that Mira is online.
    await tab.page.clock.fast_forward(60_000)
    online = tab.find(".line", has_text="Mira").locator(".avatar.online")
    await expect(online).to_have_count(1)
    await expect(tab.find(".line", has_text="Dev").locator(".avatar.online")).to_have_count(0)
    await other.page.close()
    await _is_online(brand, "Mira", False)
    await tab.page.clock.fast_forward(60_000)
    await expect(online).to_have_count(0)


async def test_a_hidden_page_reads_nothing_and_a_visible_one_at_once(opens, brand, influencer):
    brand.opens_chat_with(influencer)
    tab = await _with_clock(opens, brand)
    await expect(tab.find(".line")).to_have_count(1)
    await _visibility(tab, "hidden")
    asked: list[str] = []
    tab.page.on("request", lambda one: LIST.search(one.url) and asked.append(one.url))
    await tab.page.clock.fast_forward(300_000)
    assert asked == []
    async with tab.page.expect_request(LIST):
        await _visibility(tab, "visible")


async def _with_clock(opens, who):
    # The socket's timeouts end too when the clock moves on, so a connection that begins then can fail.
    tab = await opens("/", who, may_fail=True)
    tab.is_spent = True
    await tab.page.clock.install()
    await tab.goes("/chat")
    return tab


async def _visibility(tab, state: str) -> None:
    await tab.page.evaluate(
        """state => {
            Object.defineProperty(document, 'visibilityState', { value: state, configurable: true });
            document.dispatchEvent(new Event('visibilitychange'));
        }""",
        state,
    )


async def _is_online(who, name: str, expected: bool) -> None:
    def online() -> bool:
        results = who.reads("/api/conversations")["results"]
        return next(one["other_user"]["online"] for one in results if one["other_user"]["name"] == name)

    await eventually(lambda: online() == expected)
