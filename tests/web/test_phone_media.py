"""The way of a photo and a video of a phone, from the device of one user to the screen of the other."""

import asyncio
import re

import pytest
from playwright.async_api import Route, expect

from tests.web.axe import faults
from tests.web.camera import SERIAL, photo_of_a_phone, video
from tests.web.media import choose, chosen, is_drawn, send, uploads
from tests.web.test_media import both


async def test_the_way_of_a_photo_of_a_phone(opens, brand, influencer):
    photo = photo_of_a_phone()
    assert SERIAL.encode() in photo
    _, anaya, mira = await both(opens, brand, influencer)
    removed = "Location and camera details were removed."
    await choose(anaya, chosen("IMG_0001.HEIC", photo, "image/heic"))
    await expect(anaya.find(".chip.sent")).to_contain_text(removed)
    await send(anaya)
    for tab in (anaya, mira):
        tile = tab.find(".message:not(.outgoing) .picture")
        await is_drawn(tile.locator("img"))
        box = await tile.bounding_box()
        assert box["width"] / box["height"] == pytest.approx(1200 / 900, abs=0.02)
        await expect(tab.find(".files .hint")).to_have_text(removed)
        await tile.click()
        shown = tab.find(".lightbox-picture img")
        await is_drawn(shown)
        assert await shown.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [1200, 900]
        async with tab.page.expect_download() as download:
            await tab.find(".lightbox").get_by_role("button", name="Download").click()
        assert SERIAL.encode() not in (await (await download.value).path()).read_bytes()
        await tab.page.keyboard.press("Escape")
        assert await faults(tab) == []


async def test_a_blurred_picture_is_shown_until_the_picture_is_there(opens, brand, influencer):
    conversation = brand.opens_chat_with(influencer)
    influencer.says(conversation, "", attachments=[uploads(influencer, "a.heic", photo_of_a_phone())])
    influencer.says(conversation, "", attachments=[uploads(influencer, "a.mp4", video())])
    allowed = asyncio.Event()

    async def hold(route: Route) -> None:
        await allowed.wait()
        await route.continue_()

    tab = await opens("/", brand)
    files = re.compile(r"/api/uploads/.*signature=")
    await tab.page.route(files, hold)
    await tab.goes(f"/chat/{conversation}")
    blurred = tab.find(".picture .placeholder")
    await expect(blurred).to_be_visible()
    assert await blurred.evaluate("canvas => canvas.getContext('2d').getImageData(2, 2, 1, 1).data[3]") == 255
    await expect(tab.find(".player.video .placeholder")).to_have_count(1)
    allowed.set()
    await is_drawn(tab.find(".picture img"))
    await expect(blurred).to_have_count(0)
    player = tab.find(".player video")
    await player.evaluate("video => video.play()")
    await tab.page.wait_for_function("video => video.currentTime > 0.3", arg=await player.element_handle())
    await expect(tab.find(".player.video .placeholder")).to_have_count(0)
    await tab.page.unroute(files)
