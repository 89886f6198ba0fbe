"""Pictures, recordings and other files in messages, on both sides."""

import asyncio
import json
import re
from pathlib import Path

import pytest
from playwright.async_api import Route, expect

from tests.web.axe import faults
from tests.web.media import (
    PDF,
    choose,
    chosen,
    is_drawn,
    picture,
    send,
    sound,
    uploads,
)

THREE = (
    chosen("wide.jpg", picture(900, 300)),
    chosen("tall.png", picture(300, 900, form="PNG")),
    chosen("b.jpg", picture()),
)
TOP = "element => element.getBoundingClientRect().top"


async def both(opens, brand, influencer, **options):
    conversation = brand.opens_chat_with(influencer)
    path = f"/chat/{conversation}"
    tabs = await opens(path, brand, **options), await opens(path, influencer, **options)
    for tab in tabs:
        await tab.loaded()
    return conversation, *tabs


async def test_pictures_without_words_are_an_album_on_both_sides(opens, brand, influencer):
    conversation, anaya, mira = await both(opens, brand, influencer)
    await choose(anaya, *THREE)
    await send(anaya)
    for tab in (anaya, mira):
        tiles = tab.find(".message:not(.outgoing) .album .picture")
        await expect(tiles).to_have_count(3)
        for number in range(3):
            await is_drawn(tiles.nth(number).locator("img"))
        await expect(tab.words).to_have_count(0)
        await expect(tab.find(".line-preview")).to_contain_text(re.compile("3 (files|photos)"))
        assert await faults(tab) == []
    (message,) = brand.messages(conversation)
    assert message["message"] == ""
    assert [one["name"] for one in message["attachments"]] == ["wide.jpg", "tall.png", "b.jpg"]


async def test_the_lightbox_works_by_keyboard_and_by_swiping(opens, brand, influencer, tmp_path: Path):
    conversation, anaya, mira = await both(opens, brand, influencer)
    await choose(anaya, *THREE)
    await send(anaya)
    first = mira.find(".album .picture").first
    await is_drawn(first.locator("img"))
    await first.focus()
    await mira.page.keyboard.press("Enter")
    box = mira.page.get_by_role("dialog")
    place, image = box.locator(".lightbox-place"), box.locator(".lightbox-picture img")
    for key, expected in (("ArrowRight", 2), ("End", 3), ("ArrowRight", 3), ("Home", 1), ("ArrowLeft", 1)):
        await mira.page.keyboard.press(key)
        await expect(place).to_have_text(f"Picture {expected} of 3")
    await is_drawn(image)
    assert await image.evaluate("image => image.naturalWidth") == 900
    assert await faults(mira) == []
    for start, end, expected in ((300, 100, 2), (300, 100, 3), (100, 300, 2), (200, 190, 2)):
        await mira.page.mouse.move(start + 200, 400)
        await mira.page.mouse.down()
        await mira.page.mouse.move(end + 200, 400, steps=3)
        await mira.page.mouse.up()
        await expect(place).to_have_text(f"Picture {expected} of 3")
    async with mira.page.expect_download() as download:
        await box.get_by_role("button", name="Download").click()
    saved = await download.value
    assert saved.suggested_filename == "tall.png"
    stored = mira_file(influencer, conversation, 1)
    assert (await saved.path()).read_bytes() == stored
    await mira.page.keyboard.press("Escape")
    await expect(box).to_have_count(0)
    await expect(first).to_be_focused()


def mira_file(who, conversation, number) -> bytes:
    address = who.messages(conversation)[0]["attachments"][number]["url"]
    return who.api.get("/api" + address.partition("/api")[2]).content


async def test_the_arrows_of_the_lightbox_follow_the_direction_of_the_page(opens, brand, influencer):
    _, anaya, _ = await both(opens, brand, influencer)
    await choose(anaya, *THREE)
    await send(anaya)
    await anaya.page.evaluate("document.documentElement.dir = 'rtl'")
    await anaya.find(".album .picture").first.click()
    place = anaya.find(".lightbox-place")
    await anaya.page.keyboard.press("ArrowLeft")
    await expect(place).to_have_text("Picture 2 of 3")
    await anaya.page.keyboard.press("ArrowRight")
    await expect(place).to_have_text("Picture 1 of 3")


@pytest.mark.parametrize("size", [(1200, 400), (400, 1200), (64, 64), (500, 500)])
async def test_nothing_moves_when_a_picture_arrives(opens, brand, influencer, size):
    conversation = brand.opens_chat_with(influencer)
    influencer.says(conversation, "Before")
    influencer.says(conversation, "", attachments=[uploads(influencer, "a.jpg", picture(*size))])
    influencer.says(conversation, "After")
    allowed = asyncio.Event()

    async def hold(route: Route) -> None:
        await allowed.wait()
        await route.continue_()

    tab = await opens("/", brand)
    files = re.compile(r"/api/uploads/.*signature=")
    await tab.page.route(files, hold)
    await tab.goes(f"/chat/{conversation}")
    await expect(tab.words.last).to_be_in_viewport()
    before = [await tab.words.nth(number).evaluate(TOP) for number in range(2)]
    image = tab.find(".picture img")
    await expect(image).to_have_attribute("src", files)
    allowed.set()
    await is_drawn(image)
    assert [await tab.words.nth(number).evaluate(TOP) for number in range(2)] == before
    await tab.page.unroute(files)


async def test_other_files_are_cards_with_type_and_size(opens, brand, influencer):
    _, anaya, mira = await both(opens, brand, influencer)
    await choose(anaya, chosen("brief.pdf", PDF, "application/pdf"), chosen("terms.pdf", PDF * 2000, "application/pdf"))
    await anaya.says("The papers")
    for tab in (anaya, mira):
        cards = tab.find(".message:not(.outgoing) .attachment")
        await expect(cards).to_contain_text(
            [re.compile(r"brief\.pdf.*PDF · 1 KB"), re.compile(r"terms\.pdf.*PDF · 29 KB")]
        )
        async with tab.page.expect_download() as download:
            await cards.first.click()
        assert (await download.value).suggested_filename == "brief.pdf"
        assert (await (await download.value).path()).read_bytes() == PDF
        assert await faults(tab) == []


async def test_a_download_that_fails_says_so(opens, brand, influencer):
    conversation = brand.opens_chat_with(influencer)
    influencer.says(conversation, "The brief", attachments=[uploads(influencer, "brief.pdf", PDF)])
    tab = await opens(f"/chat/{conversation}", brand, may_fail=True)
    await tab.page.route("**/link*", lambda route: route.abort())
    await tab.find(".attachment").click()
    await expect(tab.find(".conversation-main > .notice")).to_have_text("The server cannot be reached right now.")


# --- Players ---


async def _plays(player) -> None:
    await player.page.wait_for_function("audio => audio.currentTime > 0.2", arg=await player.element_handle())


async def test_a_recording_is_played_from_where_it_is(opens, brand, influencer):
    conversation = brand.opens_chat_with(influencer)
    influencer.says(conversation, "", attachments=[uploads(influencer, "jingle.wav", sound(3))])
    tab = await opens(f"/chat/{conversation}", brand)
    audio = tab.find(".player audio")
    await expect(audio).to_have_attribute("src", re.compile("signature="))
    assert await faults(tab) == []
    await audio.evaluate("audio => audio.play()")
    await _plays(audio)
    # Its message is drawn again, and it goes on.
    brand.marks_read(conversation)
    influencer.says(conversation, "Do you like it?")
    await expect(tab.words.last).to_have_text("Do you like it?")
    assert await audio.evaluate("audio => audio.currentTime > 0.2 && (audio.ended || !audio.paused)")


async def test_a_player_asks_for_a_new_address_before_the_old_one_expires(opens, brand, influencer):
    conversation = brand.opens_chat_with(influencer)
    influencer.says(conversation, "", attachments=[uploads(influencer, "talk.wav", sound(60))])
    tab = await opens("/", brand)
    tab.is_spent = True
    asked: list[str] = []

    async def expire_soon(route: Route) -> None:
        answer = await route.fetch()
        body = await answer.json()
        asked.append(body["url"])
        now = await tab.page.evaluate("Date.now()")
        soon = await tab.page.evaluate("at => new Date(at).toISOString()", now + 6_000)
        await route.fulfill(response=answer, json={**body, "expires_at": soon, "url": f"{body['url']}&n={len(asked)}"})

    await tab.page.route("**/link", expire_soon)
    network = await tab.context.new_cdp_session(tab.page)
    await network.send("Network.enable")
    await tab.goes(f"/chat/{conversation}")
    audio = tab.find(".player audio")
    await expect(audio).to_have_attribute("src", re.compile("n=1$"))
    # So slow that the file is not loaded when its address expires.
    slow = {"offline": False, "latency": 0, "downloadThroughput": 16_000, "uploadThroughput": 16_000}
    await network.send("Network.emulateNetworkConditions", slow)
    await audio.evaluate("audio => audio.play()")
    await _plays(audio)
    await audio.evaluate(
        "audio => { audio.furthest = 0; audio.ontimeupdate = () => (audio.furthest = audio.currentTime); }"
    )
    await expect(audio).to_have_attribute("src", re.compile("n=[2-9]$"))
    at = await audio.evaluate("audio => audio.currentTime")
    await tab.page.wait_for_function(
        "([audio, at]) => !audio.paused && audio.currentTime > at + 0.3", arg=[await audio.element_handle(), at]
    )
    assert at > 0.2


async def test_a_player_whose_address_has_expired_asks_for_another_one(opens, brand, influencer):
    conversation = brand.opens_chat_with(influencer)
    influencer.says(conversation, "", attachments=[uploads(influencer, "jingle.wav", sound(3))])
    tab = await opens("/", brand, may_fail=True)
    asked: list[str] = []

    async def end_first(route: Route) -> None:
        answer = await route.fetch()
        body = await answer.json()
        asked.append(body["url"])
        url = "/api/uploads/expired" if len(asked) == 1 else body["url"]
        await route.fulfill(response=answer, json={**body, "url": url})

    await tab.page.route("**/link", end_first)
    await tab.goes(f"/chat/{conversation}")
    audio = tab.find(".player audio")
    await expect(audio).to_have_attribute("src", "/api/uploads/expired")
    await audio.evaluate("audio => void audio.play().catch(() => {})")
    await expect(audio).to_have_attribute("src", re.compile("signature="))
    await audio.evaluate("audio => audio.play()")
    await _plays(audio)
    assert len(asked) == 2


async def test_what_the_browser_cannot_play_is_offered_for_download(opens, brand, influencer):
    conversation = brand.opens_chat_with(influencer)
    content = sound(1)
    influencer.says(conversation, "", attachments=[uploads(influencer, "jingle.wav", content)])
    tab = await opens("/", brand, may_fail=True)

    async def garble(route: Route) -> None:
        await route.fulfill(status=200, content_type="audio/wav", body=b"not a sound at all")

    files = re.compile(r"/api/uploads/[^/]*\?.*signature=")
    await tab.page.route(files, garble)
    await tab.goes(f"/chat/{conversation}")
    player = tab.find(".player")
    await expect(player.locator("audio")).to_have_attribute("src", files)
    await player.locator("audio").evaluate("audio => void audio.play().catch(() => {})")
    await expect(player).to_contain_text("Your browser cannot play this file.")
    assert await faults(tab) == []
    await tab.page.unroute(files)
    async with tab.page.expect_download() as download:
        await player.get_by_role("button", name="Download").click()
    assert (await (await download.value).path()).read_bytes() == content
    await player.get_by_role("button", name="Try again").click()
    await expect(player.locator("audio")).to_have_attribute("src", files)


# --- Files that are not ready, and files of deals ---


@pytest.mark.parametrize(
    ("status", "words"), [("pending", "This file is being checked."), ("refused", "This file was refused.")]
)
async def test_files_that_are_not_ready_say_so(opens, brand, influencer, status, words):
    conversation = brand.opens_chat_with(influencer)
    brand.says(conversation, "", attachments=[uploads(brand, "a.jpg", picture()), uploads(brand, "brief.pdf", PDF)])
    tab = await opens("/", brand)

    async def unready(route: Route) -> None:
        answer = await route.fetch()
        body = await answer.text()
        await route.fulfill(response=answer, body=body.replace('"status":"ready"', f'"status":"{status}"'))

    await tab.page.route("**/messages?*", unready)
    await tab.goes(f"/chat/{conversation}")
    held = tab.find(".attachment.held")
    await expect(held).to_have_count(2)
    await expect(held.first).to_contain_text(words)
    await expect(tab.find(".picture")).to_have_count(0)
    assert await faults(tab) == []


async def test_removed_metadata_is_mentioned(opens, brand, influencer):
    conversation = brand.opens_chat_with(influencer)
    brand.says(conversation, "", attachments=[uploads(brand, "a.jpg", picture())])
    tab = await opens("/", brand)

    async def cleaned(route: Route) -> None:
        answer = await route.fetch()
        body = json.loads(await answer.text())
        for message in body["results"]:
            for one in message["attachments"]:
                one["metadata_removed"] = True
        await route.fulfill(response=answer, json=body)

    await tab.page.route("**/messages?*", cleaned)
    await tab.goes(f"/chat/{conversation}")
    await expect(tab.find(".files .hint")).to_have_text("Location and camera details were removed.")


async def test_submitted_work_shows_its_files(opens, brand, influencer):
    conversation = brand.opens_bid_with(influencer)
    influencer.acts(conversation, "accept_connection")
    brand.acts(conversation, "send_project_details", details="A story.")
    influencer.acts(conversation, "accept_project")
    brand.acts(conversation, "send_price_offer", price="100")
    influencer.acts(conversation, "accept_price")
    order = brand.acts(conversation, "proceed_to_payment")["payment"]["order_id"]
    brand.calls("POST", f"/api/payments/sandbox/{order}/pay", {})
    influencer.acts(conversation, "start_work")
    mira = await opens(f"/chat/{conversation}", influencer)
    await mira.page.get_by_role("button", name="Submit work").click()
    form = mira.page.get_by_role("dialog").locator("form")
    await form.get_by_label("Deliverables").fill("A story")
    await form.get_by_label("Description").fill("At dusk")
    await form.locator("input[type=file]").set_input_files([*THREE, chosen("jingle.wav", sound(1), "audio/wav")])
    await expect(form.locator(".chip.sent")).to_have_count(4)
    assert await faults(mira) == []
    await form.get_by_role("button", name="Submit work").click()
    anaya = await opens(f"/chat/{conversation}", brand)
    for tab in (mira, anaya):
        card = tab.find(".event-card").last
        await expect(card.locator(".picture")).to_have_count(3)
        await is_drawn(card.locator(".picture img").first)
        await expect(card.locator(".player audio")).to_have_attribute("src", re.compile("signature="))
        assert await faults(tab) == []
