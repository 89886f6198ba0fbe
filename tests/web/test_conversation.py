"""Two users in a conversation: each sees what the other does."""

import asyncio
import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.web.axe import faults
from tests.web.media import is_drawn
from tests.web.tabs import SIZE

SCRIPT = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script> & "quotes" <b>bold</b>'

PDF = b"%PDF-1.4\n%%EOF\n"


async def both(opens, brand, influencer):
    """Open a conversation in the tabs of both users, and wait until each sees the other online."""
    conversation = brand.opens_chat_with(influencer)
    path = f"/chat/{conversation}"
    anaya, mira = await opens(path, brand), await opens(path, influencer)
    for tab in (anaya, mira):
        await expect(tab.presence).to_contain_text("online")
    return conversation, anaya, mira


async def test_each_user_sees_the_messages_of_the_other(opens, brand, influencer):
    _, anaya, mira = await both(opens, brand, influencer)
    await anaya.says("Hello Mira\nsecond line")
    await expect(mira.words).to_have_text(["Hello Mira\nsecond line"])
    await expect(anaya.find(".mine .tick.read")).to_have_count(1)
    await mira.says("Hello Anaya")
    await expect(anaya.words).to_have_text(["Hello Mira\nsecond line", "Hello Anaya"])
    await expect(anaya.find(".theirs")).to_have_count(1)
    await expect(mira.find(".mine")).to_have_count(1)


async def test_a_message_is_ticked_once_when_sent_and_twice_when_read(opens, brand, influencer):
    conversation = brand.opens_chat_with(influencer)
    anaya = await opens(f"/chat/{conversation}", brand)
    await anaya.sends("Read me")
    await expect(anaya.find(".tick")).to_have_attribute("title", "Sent")
    await opens(f"/chat/{conversation}", influencer)
    await expect(anaya.find(".tick")).to_have_attribute("title", "Read")


async def test_typing_is_shown_and_ends(opens, brand, influencer):
    _, anaya, mira = await both(opens, brand, influencer)
    await mira.remember(".typing")
    await anaya.composer.press_sequentially("Well")
    await mira.has_shown("\u2068Anaya\u2069 is typing")
    await anaya.composer.press("Enter")
    await expect(mira.words).to_have_text(["Well"])
    await expect(mira.find(".typing")).to_have_text("")


async def test_a_user_is_offline_after_closing_the_last_tab(opens, brand, influencer):
    conversation, anaya, mira = await both(opens, brand, influencer)
    other = await anaya.open_other_tab(f"/chat/{conversation}")
    await expect(other.presence).to_contain_text("online")
    await other.page.close()
    await mira.page.close()
    # The server announces a departure with a delay. By then it would have announced Anaya's departure too.
    await expect(anaya.presence).to_contain_text("last seen")
    assert influencer.sees(conversation)["other_user"]["online"] is True


async def test_markup_is_shown_as_it_was_written(opens, brand, influencer):
    conversation, anaya, mira = await both(opens, brand, influencer)
    await anaya.says(SCRIPT)
    for tab in (anaya, mira):
        await expect(tab.words).to_have_text([SCRIPT])
        assert await tab.page.evaluate("window.hacked") is None
        assert await tab.find(".messages img, .messages script, .messages b").count() == 0
    await anaya.page.reload()
    await expect(anaya.words).to_have_text([SCRIPT])
    await expect(anaya.find(".line-preview")).to_have_text(f"You: {SCRIPT}")
    assert brand.messages(conversation)[0]["message"] == SCRIPT


async def test_very_long_words_do_not_overflow(opens, brand, influencer):
    _, anaya, mira = await both(opens, brand, influencer)
    await anaya.says("a" * 3000)
    await expect(mira.words).to_have_text(["a" * 3000])
    for tab in (anaya, mira):
        assert await tab.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert await tab.find(".scroller").evaluate("element => element.scrollWidth <= element.clientWidth")
    await anaya.page.set_viewport_size({"width": 360, "height": 700})
    assert await anaya.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_a_text_that_is_too_long_cannot_be_sent(opens, brand, influencer):
    _, anaya, _ = await both(opens, brand, influencer)
    await anaya.composer.fill("x" * 5001)
    await expect(anaya.find(".counter")).to_have_text("-1 left")
    await expect(anaya.page.get_by_role("button", name="Send")).to_be_disabled()
    await anaya.composer.fill("x" * 5000)
    await expect(anaya.page.get_by_role("button", name="Send")).to_be_enabled()


async def test_own_messages_can_be_edited_and_deleted(opens, brand, influencer):
    _, anaya, mira = await both(opens, brand, influencer)
    await anaya.sends("Shall we meat?")
    await anaya.messages.first.hover()
    await anaya.page.get_by_role("button", name="Edit").click()
    await expect(anaya.composer).to_have_value("Shall we meat?")
    await anaya.says("Shall we meet?")
    await expect(mira.words).to_have_text(["Shall we meet?"])
    await expect(mira.find(".meta")).to_contain_text("edited")
    await expect(mira.page.get_by_role("button", name="Edit")).to_have_count(0)
    await anaya.page.get_by_role("button", name="Delete").click()
    await anaya.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    for tab in (anaya, mira):
        await expect(tab.words).to_have_text(["This message was deleted."])


async def test_days_and_unread_messages_have_separators(opens, brand, influencer):
    conversation = brand.opens_chat_with(influencer)
    influencer.says(conversation, "Old")
    brand.marks_read(conversation)
    for number in range(3):
        influencer.says(conversation, f"New {number}")
    tab = await opens(f"/chat/{conversation}", brand)
    rows = tab.find(".messages li")
    await expect(rows).to_have_count(6)
    await expect(rows.nth(0)).to_have_text("Today")
    await expect(rows.nth(2)).to_have_text("New messages")
    assert await rows.nth(2).get_attribute("class") == "new-marker"
    await tab.sends("Thank you")
    await expect(tab.find(".new-marker")).to_have_count(0)


async def test_new_messages_do_not_scroll_a_user_who_reads_older_ones(opens, brand, influencer):
    conversation = brand.opens_chat_with(influencer)
    for number in range(40):
        influencer.says(conversation, f"Line {number}")
    tab = await opens(f"/chat/{conversation}", brand)
    middle = tab.find(".messages").get_by_text("Line 20", exact=True)
    await middle.scroll_into_view_if_needed()
    await expect(tab.find(".jump.down")).to_be_visible()
    top = "element => element.getBoundingClientRect().top"
    before = await middle.evaluate(top)
    influencer.says(conversation, "One more")
    await expect(tab.find(".jump.down")).to_have_text("1 new message")
    assert await middle.evaluate(top) == pytest.approx(before, abs=1)
    await tab.find(".jump.down").click()
    await expect(tab.words.last).to_be_in_viewport()


async def test_opening_jumps_to_unread_messages_beyond_the_first_page(opens, brand, influencer):
    conversation = brand.opens_chat_with(influencer)
    influencer.says(conversation, "Read already")
    brand.marks_read(conversation)
    for number in range(70):
        influencer.says(conversation, f"Unread {number}")
    tab = await opens(f"/chat/{conversation}", brand)
    await tab.page.get_by_role("button", name="70 unread messages").click()
    await expect(tab.find(".new-marker + .message .words")).to_have_text("Unread 0")
    await expect(tab.find(".new-marker")).to_be_in_viewport()


async def test_a_message_taller_than_the_screen_is_read_at_its_end(opens, brand, influencer):
    conversation = brand.opens_chat_with(influencer)
    seq = influencer.says(conversation, "\n".join(f"Line {number}" for number in range(400)))["seq"]
    tab = await opens(f"/chat/{conversation}", brand)
    await expect(tab.find(".new-marker")).to_be_in_viewport()
    await expect(tab.find(".line .badge")).to_contain_text("1")
    async with tab.page.expect_request("**/read") as read:
        await tab.page.get_by_role("button", name="Latest").click()
    assert (await read.value).post_data_json == {"up_to": seq}
    await expect(tab.find(".line .badge")).to_have_count(0)


async def test_returning_to_a_conversation_shows_new_messages(opens, brand, influencer, person):
    conversation, other = brand.opens_chat_with(influencer), brand.opens_chat_with(person(name="Dev"))
    influencer.says(conversation, "Old")
    tab = await opens(f"/chat/{conversation}", brand)
    await expect(tab.find(".line")).to_have_count(2)
    await expect(tab.find(".line .badge")).to_have_count(0)
    await tab.find(f'.line[href="/chat/{other}"]').click()
    await expect(tab.find(".conversation-header h2")).to_have_text("Dev")
    influencer.says(conversation, "New")
    line = tab.find(f'.line[href="/chat/{conversation}"]')
    await expect(line.locator(".badge")).to_contain_text("1")
    await line.click()
    await expect(tab.words).to_have_text(["Old", "New"])
    await expect(tab.find(".new-marker + .message .words")).to_have_text("New")
    await expect(line.locator(".badge")).to_have_count(0)


async def test_both_users_can_send_see_and_download_files(opens, brand, influencer, tmp_path: Path):
    _, anaya, mira = await both(opens, brand, influencer)
    note = tmp_path / "brief.pdf"
    note.write_bytes(PDF)
    await anaya.find(".composer input[type=file]").set_input_files(note)
    await expect(anaya.find(".chip")).to_contain_text("brief.pdf")
    await expect(anaya.page.get_by_role("button", name="Send")).to_be_enabled()
    await anaya.says("The brief")
    for tab in (anaya, mira):
        async with tab.page.expect_download() as download:
            await tab.page.get_by_role("button", name="Download brief.pdf").click()
        saved = await (await download.value).path()
        assert await asyncio.to_thread(Path(saved).read_bytes) == PDF


async def test_a_rejected_file_shows_why_and_does_not_block_the_text(opens, brand, influencer, tmp_path: Path):
    _, anaya, mira = await both(opens, brand, influencer)
    anaya.may_fail = True
    program = tmp_path / "tool"
    program.write_bytes(b"\x7fELF\x02\x01\x01" + bytes(64))
    await anaya.find(".composer input[type=file]").set_input_files(program)
    await expect(anaya.find(".chip.failed")).to_contain_text("Files of this type are not accepted.")
    await anaya.says("Without it, then")
    await expect(mira.words).to_have_text(["Without it, then"])


async def test_errors_of_downloads_and_edits_are_shown(opens, brand, influencer, tmp_path: Path):
    _, anaya, _ = await both(opens, brand, influencer)
    anaya.may_fail = True
    note = tmp_path / "brief.pdf"
    note.write_bytes(PDF)
    await anaya.find(".composer input[type=file]").set_input_files(note)
    await expect(anaya.page.get_by_role("button", name="Send")).to_be_enabled()
    await anaya.sends("The brief")
    await anaya.page.route("**/api/**", lambda route: route.abort())
    await anaya.page.get_by_role("button", name="Download brief.pdf").click()
    await expect(anaya.page.get_by_role("alert")).to_have_text("The server cannot be reached right now.")
    await anaya.page.unroute("**/api/**")
    await anaya.page.route(
        "**/api/messages/*", lambda route: route.fulfill(status=409, json={"success": False, "message": "Too late."})
    )
    await anaya.page.get_by_role("button", name="Delete").click()
    await anaya.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(anaya.page.get_by_role("alert")).to_have_text("Too late.")
    await expect(anaya.words).to_have_text(["The brief"])


async def test_a_picture_is_shown_small(opens, brand, influencer, tmp_path: Path):
    _, anaya, mira = await both(opens, brand, influencer)
    picture = tmp_path / "shot.png"
    await anaya.page.screenshot(path=picture)
    await anaya.find(".composer input[type=file]").set_input_files(picture)
    await expect(anaya.page.get_by_role("button", name="Send")).to_be_enabled()
    await anaya.page.get_by_role("button", name="Send").click()
    small = mira.find(".picture img")
    await expect(small).to_have_attribute("src", re.compile(r"/thumbnail\?signature="))
    await is_drawn(small)
    assert 0 < await small.evaluate("image => image.naturalWidth") <= 800


async def test_a_closed_conversation_is_read_only(opens, brand, influencer):
    conversation = brand.opens_bid_with(influencer)
    influencer.acts(conversation, "reject_connection")
    tab = await opens(f"/chat/{conversation}", brand)
    await expect(tab.find(".action-panel")).to_have_text("This conversation is closed.")
    await expect(tab.composer).to_be_hidden()


async def test_a_foreign_conversation_is_not_found(opens, brand, influencer, person):
    await _is_missing(opens, brand.opens_chat_with(influencer), person(name="Stranger"))


async def test_an_unknown_conversation_is_not_found(opens, brand):
    await _is_missing(opens, "01980000-0000-7000-8000-000000000001", brand)


async def _is_missing(opens, conversation, who):
    for viewport in (SIZE, {"width": 360, "height": 640}):
        tab = await opens(f"/chat/{conversation}", who, viewport=viewport, may_fail=True)
        place = tab.find(".chat-main .nothing")
        await expect(place.get_by_role("heading")).to_have_text("This conversation cannot be found.")
        await expect(place.get_by_role("heading")).to_be_in_viewport()
        await expect(tab.composer).to_have_count(0)
        assert await faults(tab) == []
        await place.get_by_role("link", name="Back to the list").click()
        await tab.is_at("/chat")
        await expect(tab.page.get_by_text("No conversations yet.")).to_be_visible()


@pytest.mark.parametrize("status", [403, 503])
async def test_a_conversation_that_cannot_be_loaded_offers_another_try(opens, brand, influencer, status):
    conversation = brand.opens_chat_with(influencer)
    influencer.says(conversation, "Hello")
    tab = await opens("/", brand, may_fail=True)
    where = f"**/api/conversations/{conversation}/messages?*"
    refusal = {"success": False, "code": "server_error", "message": "The server is busy."}
    answered = asyncio.Event()

    async def refuse(route):
        await answered.wait()
        await route.fulfill(status=status, json=refusal)

    await tab.page.route(where, refuse)
    await tab.goes(f"/chat/{conversation}")
    await expect(tab.find(".conversation-main .loading")).to_have_text("Loading …")
    assert await faults(tab) == []
    answered.set()
    if status == 403:
        await expect(tab.find(".chat-main .nothing")).to_be_visible()
        return
    await expect(tab.find(".conversation-main .load-failed").get_by_role("alert")).to_have_text("The server is busy.")
    assert await faults(tab) == []
    await tab.page.unroute(where)
    await expect(tab.words).to_have_text(["Hello"])
    await expect(tab.find(".load-failed")).to_have_count(0)
