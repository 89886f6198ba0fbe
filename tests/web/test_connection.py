"""Lost connections, lost responses and several tabs: nothing is lost or duplicated."""

from typing import Any

from playwright.async_api import Route, expect

from tests.harness.servers import RunningServer


async def test_messages_written_offline_are_sent_once_after_reconnecting(opens, brand, influencer):
    conversation = brand.opens_chat_with(influencer)
    tab = await opens(f"/chat/{conversation}", brand)
    tab.may_fail = True
    await tab.sends("Before")
    await tab.context.set_offline(True)
    await expect(tab.connection).to_contain_text("You are offline")
    for text in ("One", "Two", "Three"):
        await tab.says(text)
    await expect(tab.find(".outgoing.waiting")).to_have_count(3)
    influencer.says(conversation, "Meanwhile")
    await tab.context.set_offline(False)
    await expect(tab.find(".outgoing")).to_have_count(0)
    await expect(tab.words).to_have_text(["Before", "Meanwhile", "One", "Two", "Three"])
    assert [one["message"] for one in brand.messages(conversation)] == ["Before", "Meanwhile", "One", "Two", "Three"]


async def test_the_list_shows_the_lost_connection_and_then_missed_changes(opens, brand, influencer):
    tab = await opens("/chat", brand)
    tab.may_fail = True
    said = tab.find(".sidebar .connection")
    await expect(tab.page.get_by_text("No conversations yet.")).to_be_visible()
    await expect(said).to_be_hidden()
    await tab.context.set_offline(True)
    await expect(said).to_contain_text("You are offline")
    assert await said.locator("use").evaluate("picture => picture.getBBox().width") > 0
    influencer.opens_chat_with(brand)
    await tab.context.set_offline(False)
    await expect(tab.find(".line strong")).to_have_text(["Mira"])
    await expect(said).to_be_hidden()


async def test_the_page_reconnects_to_a_restarted_server(opens, site: RunningServer, brand, influencer):
    conversation = brand.opens_chat_with(influencer)
    tab = await opens(f"/chat/{conversation}", brand)
    tab.may_fail = True
    await tab.sends("Before")
    site.kill()
    try:
        await expect(tab.connection).to_have_text("Connection lost. Reconnecting …")
        await tab.says("During")
        await expect(tab.find(".outgoing.waiting")).to_have_count(1)
    finally:
        site.start()
    await expect(tab.connection).to_be_hidden()
    await expect(tab.find(".outgoing")).to_have_count(0)
    influencer.says(conversation, "After")
    await expect(tab.words).to_have_text(["Before", "During", "After"])


async def test_a_message_with_a_lost_response_is_stored_once(opens, brand, influencer):
    conversation = brand.opens_chat_with(influencer)
    tab = await opens(f"/chat/{conversation}", brand)
    tab.may_fail = True
    posted: list[Any] = []

    async def lose_first_answer(route: Route) -> None:
        if route.request.method != "POST":
            await route.continue_()
            return
        posted.append(route.request.post_data_json["client_message_id"])
        if len(posted) > 1:
            await route.continue_()
            return
        await route.fetch()
        await route.abort()

    await tab.page.route("**/messages", lose_first_answer)
    await tab.sends("Only once")
    await tab.sends("And this")
    await expect(tab.words).to_have_text(["Only once", "And this"])
    assert [one["message"] for one in brand.messages(conversation)] == ["Only once", "And this"]


async def test_a_rejected_message_can_be_retried_or_discarded(opens, brand, influencer):
    conversation = brand.opens_chat_with(influencer)
    tab = await opens(f"/chat/{conversation}", brand)
    tab.may_fail = True
    refusal = {"success": False, "code": "text_not_accepted", "message": "Not now."}

    async def decline(route: Route) -> None:
        if route.request.method == "POST":
            await route.fulfill(status=409, json=refusal)
        else:
            await route.continue_()

    await tab.page.route("**/messages", decline)
    await tab.says("First")
    await tab.says("Second")
    await expect(tab.find(".outgoing.failed")).to_have_count(2)
    await expect(tab.find(".outgoing .failed").first).to_contain_text("Not now.")
    await tab.page.unroute("**/messages")
    await tab.find(".outgoing", has_text="First").get_by_role("button", name="Try again").click()
    await tab.find(".outgoing", has_text="Second").get_by_role("button", name="Discard").click()
    await expect(tab.words).to_have_text(["First"])
    await expect(tab.find(".tick")).to_have_count(1)
    assert [one["message"] for one in brand.messages(conversation)] == ["First"]


async def test_a_reload_in_the_middle_of_sending_loses_nothing(opens, brand, influencer):
    conversation = brand.opens_chat_with(influencer)
    tab = await opens(f"/chat/{conversation}", brand)
    tab.may_fail = True
    await expect(tab.connection).to_be_hidden()
    await tab.page.route(
        "**/messages", lambda route: route.abort() if route.request.method == "POST" else route.continue_()
    )
    await tab.says("Kept")
    await expect(tab.find(".outgoing")).to_have_count(1)
    await tab.page.unroute("**/messages")
    await tab.page.reload()
    await expect(tab.find(".tick")).to_have_count(1)
    await expect(tab.words).to_have_text(["Kept"])
    assert [one["message"] for one in brand.messages(conversation)] == ["Kept"]


async def test_two_tabs_of_one_user_show_the_same(opens, brand, influencer):
    conversation = brand.opens_chat_with(influencer)
    tab = await opens(f"/chat/{conversation}", brand)
    other = await tab.open_other_tab(f"/chat/{conversation}")
    mira = await opens(f"/chat/{conversation}", influencer)
    await tab.sends("From the first tab")
    await other.sends("From the second tab")
    await mira.sends("Hello, both of you")
    expected = ["From the first tab", "From the second tab", "Hello, both of you"]
    for one in (tab, other, mira):
        await expect(one.words).to_have_text(expected)
    for one in (tab, other):
        await expect(one.find(".mine .tick.read")).to_have_count(2)
        await expect(one.find(".mine")).to_have_count(2)


async def test_tabs_renew_the_session_in_turn(opens, brand, influencer):
    tab = await opens("/chat", brand)
    await expect(tab.page.get_by_text("No conversations yet.")).to_be_visible()
    other = await tab.open_other_tab("/chat")
    await expect(other.page.get_by_text("No conversations yet.")).to_be_visible()
    # The other tab can see the stored session a moment after it gets the lock. Its request is rejected then, and it
    # reads the session again.
    tab.may_fail = other.may_fail = True
    end = """() => {
        const kept = JSON.parse(localStorage['stoory.session']);
        localStorage['stoory.session'] = JSON.stringify({ ...kept, until: 0 });
    }"""
    await tab.page.evaluate(end)
    for one in (tab, other):
        await one.page.get_by_role("button", name="Direct").click()
    influencer.opens_chat_with(brand)
    for one in (tab, other):
        await expect(one.find(".line strong")).to_have_text(["Mira"])
        assert "/chat" in one.page.url
